from adaanchor_d2.errors import name_first


def test_few_are_named_and_the_rest_counted():
    assert name_first([7, 8, 9, 10, 11]) == "7, 8, 9, 10, 11"
    assert name_first(["a", "b", "c", "d", "e", "f", "g"]) == "a, b, c, d, e and 2 more"
