"""Which records a public method is called on: clients may name any, and any number."""

from odoo.exceptions import MissingError, UserError


def some(records):
    """Return the records, each once.

    :raise UserError: if there is none
    :raise MissingError: if one of them can't exist
    """
    records = records.browse(dict.fromkeys(records._ids))
    if not records:
        raise UserError(records.env._("Choose what this is to be done to."))
    if not all(records._ids):
        raise MissingError(records.env._("There is no such record."))
    return records


def one(records):
    """Return the record.

    :raise UserError: unless it is one
    """
    records = some(records)
    if len(records) > 1:
        raise UserError(records.env._("This is done to one record at a time."))
    return records
