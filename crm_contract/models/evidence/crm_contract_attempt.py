from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.misc import hmac

# Of everybody together, times what one address may.
EVERYBODY = 100
# Nothing looks further back.
KEPT = timedelta(days=1)


class CrmContractAttempt(models.Model):
    """What strangers asked for lately: so that nobody asks too often.

    One row an attempt, so that two of them at once never wait for each other. Addresses
    are kept as keyed hashes, for a day.
    """

    _name = "crm.contract.attempt"
    _description = "Attempt of a stranger"
    _log_access = False

    purpose = fields.Char(required=True)
    key = fields.Char(required=True)
    date = fields.Datetime(required=True)

    _lookup_idx = models.Index("(purpose, date, key)")

    @api.model
    def _allow(self, purpose, address, limit, minutes):
        """Return whether an address may do something once more, and count that it does.

        :param purpose: what is done (str)
        :param address: who does it, such as an IP address
        :param limit: how often one address may within the time; all of them together
            may a hundred times as often
        :param minutes: the time
        """
        # sudo: nobody has rights on the attempts
        attempts = self.sudo()
        now = fields.Datetime.now()
        key = hmac(attempts.env, "crm.contract.attempt", address or "")
        since = [
            ("purpose", "=", purpose),
            ("date", ">", now - timedelta(minutes=minutes)),
        ]
        mine = [*since, ("key", "=", key)]
        if attempts.search_count(mine, limit=limit) >= limit:
            return False
        most = limit * EVERYBODY
        if attempts.search_count(since, limit=most) >= most:
            return False
        attempts.create({"purpose": purpose, "key": key, "date": now})
        return True

    @api.autovacuum
    def _gc_attempts(self):
        old = [("date", "<", fields.Datetime.now() - KEPT)]
        self.sudo().search(old, limit=100_000).unlink()
