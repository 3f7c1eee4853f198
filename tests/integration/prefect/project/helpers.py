def doubled(number: int) -> int:
    return 2 * number
