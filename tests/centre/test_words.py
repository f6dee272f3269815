"""Pages speak the reader's language."""

from django.template import engines
from django.utils.translation import override

from centre.words import both

LABEL = both("乗車", "Boarding")


def test_words_are_chosen_when_they_are_shown() -> None:
    for language, word in (("ja", "乗車"), ("en", "Boarding")):
        with override(language):
            assert str(LABEL) == word
            shown = engines["django"].from_string('{% say "乗車" "Boarding" %}').render()
            assert shown == word
