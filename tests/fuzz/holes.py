"""Holes that are made in what is fuzzed, to see that the fuzzer finds each kind.

Runs inside Odoo. Each is a public method that nobody but this file knows of: that it is
called at all shows that methods are taken from the registry.
"""

import time

from odoo.exceptions import UserError

from fuzz.rules import HOLES


def _named(self, model, name, word):
    return self.env[model].sudo().search([(name, "like", word)], limit=1)


def action_hole_move(self):
    self.sudo().state = "cancelled"
    return True


def action_hole_running(self):
    drafts = [("kind", "=", "amendment"), ("state", "=", "draft")]
    self.env["crm.contract"].sudo().search(drafts, limit=1).state = "running"
    return True


def action_hole_create(self):
    return self.env["crm.contract"].sudo().search([], limit=1).copy().ids


def action_hole_unlink(self):
    foreign = _named(self, "crm.contract", "name", "Zqabroad").clause_ids
    self.env.cr.execute(
        "DELETE FROM crm_contract_clause WHERE id IN %s", (foreign._ids,)
    )
    return True


def action_hole_activity(self):
    _named(self, "mail.activity", "summary", "Zqabroad").summary = "Done"
    return True


def action_hole_lead(self):
    _named(self, "crm.lead", "name", "Zqabroad").priority = "2"
    return True


def action_hole_order(self):
    _named(self, "sale.order", "client_order_ref", "Zqabroad").origin = "Here"
    return True


def action_hole_file(self):
    _named(self, "ir.attachment", "name", "Zqabroad").raw = b"Other"
    return True


def action_hole_invoice(self):
    self.env["account.move"].sudo().search([], limit=1).ref = "Here"
    return True


def action_hole_tag(self):
    return self.env["crm.tag"].sudo().create({"name": "Made"}).ids


def action_hole_company(self):
    return {"name": _named(self, "crm.contract", "name", "Zqabroad").name}


def action_hole_message(self):
    raise UserError(_named(self, "crm.contract", "name", "Zqabroad").name)


def action_hole_owner(self):
    return [_named(self, "crm.contract", "name", "Zqothers").name]


def action_hole_python(self):
    return int("one")


def action_hole_database(self):
    self.env.cr.execute("SELECT 1 / 0")
    return True


def action_hole_nothing(self):
    self.check_access("read")


def action_hole_busy(self):
    time.sleep(600)
    return True


action_hole_dialog = action_hole_service = action_hole_lead


def make(env):
    """Add the holes to the models; return the ones to fill again."""
    made = []
    for name, (model, _words) in HOLES.items():
        ours = [
            base
            for base in type(env[model]).__mro__
            if base.__module__.startswith("odoo.addons.crm_contract")
        ]
        setattr(ours[0], name, globals()[name])
        made.append((ours[0], name))
    return made


def fill(made):
    for base, name in made:
        delattr(base, name)
