"""Who may stand in for whom, following delegations from one to the next."""


def deputies_of(pairs, people):
    """Return all who stand in for the people, directly or through others.

    :param pairs: iterable of (principal, deputy)
    :param people: iterable of those who are stood in for; not part of the answer unless
        somebody's delegation leads back to them
    :return: set

    >>> sorted(deputies_of([("a", "b"), ("b", "c"), ("x", "y")], ["a"]))
    ['b', 'c']
    >>> deputies_of([("a", "b")], ["b"])
    set()
    """
    found, waiting = set(), set(people)
    pairs = list(pairs)
    while waiting:
        new = {deputy for principal, deputy in pairs if principal in waiting}
        waiting = new - found
        found |= new
    return found


def principals_of(pairs, people):
    """Return all whom the people stand in for, directly or through others (set).

    >>> sorted(principals_of([("a", "b"), ("b", "c"), ("x", "y")], ["c"]))
    ['a', 'b']
    """
    return deputies_of(((deputy, principal) for principal, deputy in pairs), people)


def has_cycle(pairs):
    """Return whether somebody would stand in for himself.

    >>> has_cycle([("a", "b"), ("b", "c")])
    False
    >>> has_cycle([("a", "b"), ("b", "c"), ("c", "a")])
    True
    """
    pairs = list(pairs)
    return any(
        principal in deputies_of(pairs, [principal]) for principal, _deputy in pairs
    )
