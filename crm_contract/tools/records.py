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


def search_flag(operator, value, get_domain):
    """Return the domain of a search for a computed flag, as a `search` method does.

    :param get_domain: function that returns the domain of the records that have it
    """
    if operator != "in":
        return NotImplemented
    domain = get_domain()
    return domain if True in value else ~domain
