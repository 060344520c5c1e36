"""The glossary explains the terms of the window."""

import re
from collections import Counter

import pytest

from latentlab.glossary import find_words, read_words, words_in

EVERYDAY = {
    "also", "and", "black", "by", "column", "gives", "order", "repetitions", "share", "white",
    "write", "colour", "count", "crop", "device", "end", "extra", "file", "folder", "for", "from",
    "height", "images", "memory", "number", "of", "or", "over", "period", "pictures", "rise",
    "root", "size", "start", "table", "to", "weight", "zip",
}  # fmt: skip
"""Words of the form that need no explanation, or whose field says it all."""


def words_of(text):
    return re.findall(r"[^\W\d][\w-]*", text.casefold())


def titles(fields):
    """Yield the title of each field of a form, those of all alternatives included."""
    for field in fields:
        yield field.title
        for kind in field.kinds:
            yield from titles(kind.fields)


def test_entries_are_one_sentence_and_refer_to_each_other():
    words = read_words()
    assert len(words) >= 40
    terms = {word.term for word in words}
    assert len(terms) == len(words)
    assert {
        name: n for name, n in Counter(n for w in words for n in w.names).items() if n > 1
    } == {}
    for word in words:
        assert re.fullmatch(r"[^.]+(\.\d[^.]*)*\.", word.text), word.term
        assert len(word.text) <= 200, word.term
        assert "\n" not in word.formula, word.term
        assert {*word.see} <= terms - {word.term}, word.term


def test_the_terms_of_a_lecture_are_explained():
    for term in (
        "latent space", "code", "posterior", "prior", "KL", "ELBO", "rate", "distortion", "beta",
        "free bits", "annealing", "manifold", "interpolation", "slerp", "geodesic", "support",
        "aggregate posterior", "prior hole", "mutual information", "posterior collapse", "PCA",
        "active dimension", "traversal", "direction", "t-SNE", "UMAP", "EMA", "nats", "Bernoulli",
    ):  # fmt: skip
        assert term in find_words(term)[0].names, term


def test_search_finds_names_before_explanations():
    assert [word.term for word in find_words("kull")] == ["KL divergence"]
    assert find_words("evidence low")[0].term == "ELBO"
    hits = [word.term for word in find_words("prior")]
    assert hits[0] == "prior"
    assert "posterior collapse" in hits
    assert hits.index("prior quantiles") < hits.index("posterior collapse")
    assert find_words("") == [*read_words()]
    assert find_words("no such word") == []


def test_terms_are_found_in_a_text():
    found = [word.term for word in words_in("Codes lie where KL(q(z|x) ‖ p(z)) is small; priors")]
    assert found == ["code", "KL divergence", "prior"]
    assert words_in("encoders of nothing, decoded") == [*find_words("encoder")[:1]]


def test_every_term_of_the_form_is_explained():
    pytest.importorskip("torch")
    from latentlab.explorer.answer import answer
    from latentlab.explorer.explorer import Explorer
    from latentlab.explorer.files import export  # noqa: F401 # it registers the answer
    from latentlab.session.export import DescribeForm

    explained = {part for word in read_words() for name in word.names for part in words_of(name)}
    form = answer(DescribeForm(), Explorer())
    asked = {part for title in titles(form) for part in words_of(title)}
    assert asked - explained - EVERYDAY == set()
