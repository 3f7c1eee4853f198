from tests.stylesheets import parse_once

parse_once()
