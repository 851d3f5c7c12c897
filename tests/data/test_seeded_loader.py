from itertools import islice

from adaanchor_d2.data.seeded_loader import SeededLoader


def test_the_loader_is_made_for_the_iteration_the_run_starts_at():
    seeds = []

    def make_loader(seed):
        seeds.append(seed)
        return [[seed]]

    loader = SeededLoader(make_loader, seed=5)
    assert seeds == []
    assert list(islice(loader, 1)) == [[5]]
    loader.start_iter = 1000
    assert list(islice(loader, 1)) == [[1005]]
