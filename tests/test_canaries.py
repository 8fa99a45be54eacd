"""Deliberate defects that `make soak` plants; here, that all can still be planted."""

from canaries import canaries


def test_all_can_be_planted():
    assert len(canaries.CANARIES) >= 15
    assert len({canary.name for canary in canaries.CANARIES}) == len(canaries.CANARIES)
    assert not canaries.problems()


def test_a_defect_is_planted_alone(tmp_path):
    canary = canaries.CANARIES[0]
    folder = canaries.plant(canary, tmp_path)
    planted = (tmp_path / canary.file).read_text()
    original = (canaries.ROOT / canary.file).read_text()
    assert folder == str(tmp_path)
    assert canary.new in planted
    assert planted.replace(canary.new, canary.old) == original
