"""What fields say of themselves beside what Odoo asks: `content=True`, `owned=True`."""


def get_marked(model, mark: str) -> tuple:
    """Return the names of a model's fields that are defined with a mark.

    A field that shows one of another record takes over what is said of that; it is
    not marked by it, as it stands for something else here, but by what it says itself.

    :param model: any records of the model
    """
    return tuple(
        name
        for name, field in model._fields.items()
        if getattr(field, mark, False)
        and (not field.related or mark in (field._args__ or ()))
    )


def get_figures(model) -> frozenset:
    """Return the names of the fields that are computed, stored, and only read."""
    return frozenset(
        name
        for name, field in model._fields.items()
        if field.compute and field.store and field.readonly
    )
