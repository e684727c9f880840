"""Words and names for generated catalogues and files; needs neither settings nor database."""

import random

# What benchmarks search for, and how often it occurs.
EVERY_ROW = "edição"
FREQUENT = "navegação"  # one work in forty
LATE = "crepúsculo"  # as many, all of them among the last works
RARE = "quimérico"  # seven works, evenly spread
SMALL_PUBLISHER = "Tipografia Pequena"  # fifty works

CONSONANTS = ("", *"bcdfglmnprstv", "lh", "nh", "tr", "br", "gr", "pr")
VOWELS = ("a", "e", "i", "o", "u", "ão", "ê", "ção", "é", "ei", "ou")
SYLLABLES = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]


class Vocabulary:
    """Words of which a few are common and most are rare, as in any language."""

    def __init__(self, dice: random.Random, size: int) -> None:
        self.dice = dice
        self.words = [
            "".join(dice.choice(SYLLABLES) for _ in range(dice.randint(2, 4))) for _ in range(size)
        ]

    def word(self) -> str:
        """Return a word, the earlier ones far more often."""
        return self.words[int(len(self.words) ** self.dice.random()) - 1]

    def name(self) -> str:
        """Return a name of two or three words."""
        return " ".join(self.word().title() for _ in range(self.dice.randint(2, 3)))
