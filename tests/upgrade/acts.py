"""What people and jobs do next with what is in a database, and what comes of it.

As in `facts`, the same runs before and after an upgrade. Each act of a person is taken
back, so that none depends on another; jobs are not.
"""

from contextlib import contextmanager

import facts
from freezegun import freeze_time

from odoo import api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry


class _TakenBackError(Exception):
    pass


def rehearse(env):
    """Return what comes of each act: {act: {contract: state or "refused: …"}}."""
    acts = {
        "submit": ("draft", lambda contract: contract.action_submit()),
        "sign": ("to_sign", _sign),
        "withdraw": ("to_sign", lambda contract: contract.action_withdraw()),
        "cancel": ("to_sign", lambda contract: contract.action_cancel()),
        "approve": ("review", _approve),
        "approve own": ("review", _approve_own),
        "reject": ("review", _reject),
        "recall": ("review", lambda contract: contract.action_recall()),
        "suspend": ("running", _suspend_and_resume),
        "invoice": ("running", _invoice),
        "amend": ("running", _amend),
        "renew": ("running", _renew),
    }
    contracts = facts.contracts_of(env)
    return {
        act: {
            str(contract.id): _try(contract, method)
            for contract in contracts
            if contract.state == state and _is_possible(contract, act)
        }
        for act, (state, method) in acts.items()
    }


def _is_possible(contract, act):
    if act == "invoice":
        return any(row.state == "due" for row in contract.installment_ids)
    if act == "renew":
        return "crm.contract.renew" in contract.env and contract.id % 4 == 0
    if act == "amend":
        # Some of them do: those that were amended, and some that were not.
        return "crm.contract.amend" in contract.env and (
            contract.amendment_ids or contract.id % 4 == 0
        )
    return True


def _try(contract, method):
    """Do it as the salesperson would, and take it back."""
    env = contract.env
    user = contract.user_id or env.ref("base.user_admin")
    contract = contract.with_user(user).with_context(
        allowed_company_ids=contract.company_id.ids
    )
    try:
        with env.cr.savepoint():
            result = method(contract)
            env.flush_all()
            env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
            state = contract.sudo().state
            raise _TakenBackError(result if isinstance(result, str) else state)
    except _TakenBackError as done:
        return done.args[0]
    except UserError as error:
        return f"refused: {error}"
    except Exception as error:
        return f"crashed: {error!r}"
    finally:
        env.invalidate_all()


def _sign(contract):
    contract.env["crm.contract.sign"].create({"contract_id": contract.id}).action_sign()


def _approve(contract):
    """Let everybody decide whom the contract waits for, one after the other."""
    while contract.sudo().approval_task_id:
        _decide(contract, "approve")
        contract.env.invalidate_all()
    for condition in contract.sudo().condition_ids.filtered(lambda row: not row.is_met):
        condition.with_user(condition.user_id).action_met()


def _approve_own(contract):
    """Nobody decides on what he submitted."""
    _decide(contract, "approve", contract.submitted_by_id)


def _reject(contract):
    _decide(contract, "reject")


def _decide(contract, decision, user=None):
    task = contract.sudo().approval_task_id
    user = user or (task.waiting_ids | task.escalated_to_id)[:1]
    contract.env["crm.contract.decide"].with_user(user).with_context(
        active_model=contract._name, active_ids=contract.ids
    ).create({"decision": decision, "comment": "Seen"}).action_decide()


def _suspend_and_resume(contract):
    contract.action_suspend()
    contract.action_resume()


def _invoice(contract):
    """Return the value of what is invoiced."""
    before = contract.sudo().invoice_ids
    contract.action_create_invoice()
    invoices = contract.sudo().invoice_ids - before
    return f"{sum(invoices.mapped('amount_total')):.2f}"


def _amend(contract):
    """Draft an amendment of another title, and submit it; return its state."""
    wizard = contract.env["crm.contract.amend"].create(
        {"contract_id": contract.id, "reason": "A better title"}
    )
    amendment = contract.browse(wizard.action_amend()["res_id"])
    amendment.name = "A better title"
    amendment.action_submit()
    return amendment.sudo().state


def _renew(contract):
    """Draft the renewal, and submit it; return its state."""
    contract.env["crm.contract.renew"].create(
        {"contract_ids": [(6, 0, contract.ids)]}
    ).action_renew()
    renewal = contract.renewal_ids.sorted("id")[-1:]
    renewal.action_submit()
    return renewal.sudo().state


# Jobs


@contextmanager
def on(database, day):
    """Yield a fresh environment, at noon of a day."""
    with freeze_time(f"{day} 12:00:00", tick=True), Registry(database).cursor() as cr:
        yield api.Environment(cr, api.SUPERUSER_ID, {})


def run_jobs(database, days):
    """Run all scheduled jobs of the add-ons on some days, one after the other.

    :return: what failed (list of str), and what became of each contract:
        `{contract: {"state": …}}`
    """
    failures = []
    for day in days:
        with on(database, day) as env:
            for job in _get_jobs(env):
                problem = job.method_direct_trigger()
                env.cr.commit()
                if problem is not True:
                    failures.append(f"{job.name} on {day}: {problem['params']['data']}")
    with on(database, days[-1]) as env:
        contracts = facts.contracts_of(env)
        return failures, {
            str(contract.id): {
                "name": contract.name,
                "kind": contract.kind,
                "state": contract.state,
                "end_reason": contract.end_reason,
                "amount_total": round(contract.amount_total, 2),
            }
            for contract in contracts
        }


def _get_jobs(env):
    # The job that reads files starts a program for each, and changes no contract.
    rows = env["ir.model.data"].search(
        [
            ("model", "=", "ir.cron"),
            ("module", "=like", "crm_contract%"),
            ("name", "!=", "ir_cron_search"),
        ]
    )
    return env["ir.cron"].browse(rows.mapped("res_id")).sorted("priority")
