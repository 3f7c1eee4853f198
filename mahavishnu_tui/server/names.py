"""Names that people can say on the phone: `amber-otter`."""

from __future__ import annotations

import random
from collections.abc import Callable

_ADJECTIVES = """
amber ample azure bold brave bright brisk bronze calm candid civil clear clever cool coral cosmic
crimson crisp dapper daring deft eager early easy fair fleet fond frank fresh gentle gilded glad
golden grand green handy happy hardy honest humble indigo ivory jade jolly keen kind lively lofty
lucid lucky mellow merry mild misty modest neat nimble noble olive opal patient pearl placid plain
polite proud prompt quick quiet rapid ready regal robust rosy royal ruby rustic sage scarlet sharp
silent silver sleek smart snowy solid spry stable steady stout sunny swift tall teal tidy topaz trim
true upbeat velvet vivid warm wary wise witty young zesty
"""

_ANIMALS = """
adder alpaca badger bear beaver bison boar bobcat bronco camel caribou cat cobra condor coyote crane
crow curlew deer dingo dolphin dove eagle egret elk ermine falcon ferret finch fox gannet gazelle
gecko gibbon goose grouse gull hare hawk heron hippo hornet horse hound ibex ibis iguana impala
jackal jaguar jay kestrel kite koala lark lemur leopard lion llama lynx macaw marlin marmot marten
mink mole moose moth mouse newt ocelot orca oriole osprey otter owl oxen panda panther parrot
pelican penguin pigeon pike plover pony puffin puma quail rabbit raven robin salmon seal shark shrew
skunk sloth sparrow squid stork swan tapir tern tiger toad trout turtle viper vole walrus weasel
whale wolf wombat wren yak zebra
"""

_TRIES = 12


def new_name(taken: Callable[[str], bool], chance: random.Random | None = None) -> str:
    """A name that is not taken: two words, three when those are crowded, then a number behind.

    Args:
        taken: whether a name is in use.
        chance: where the choice comes from.
    """
    adjectives, animals = _ADJECTIVES.split(), _ANIMALS.split()
    pick = chance or random.SystemRandom()
    for words in (1, 2):
        for _ in range(_TRIES):
            name = "-".join([*(pick.choice(adjectives) for _ in range(words)), pick.choice(animals)])
            if not taken(name):
                return name
    while True:
        numbered = f"{name}-{pick.randrange(10, 10**6)}"
        if not taken(numbered):
            return numbered
