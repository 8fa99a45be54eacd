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


class _TakenBack(Exception):
    pass


def rehearse(env):
    """Return what comes of each act: {act: {contract: state or "refused: …"}}."""
    acts = {
        "submit": ("draft", _submit),
        "sign": ("to_sign", _sign),
        "approve": ("review", _approve),
        "recall": ("review", lambda contract: contract.action_recall()),
        "suspend": ("running", _suspend_and_resume),
        "invoice": ("running", _invoice),
        "amend": ("running", _amend),
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
    if act == "amend":
        # Some of them do: a new one, and one that was amended, of each kind.
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
            raise _TakenBack(result or contract.sudo().state)
    except _TakenBack as done:
        return done.args[0]
    except UserError as error:
        return f"refused: {error}"
    finally:
        env.invalidate_all()


def _submit(contract):
    contract.action_submit()


def _sign(contract):
    contract.env["crm.contract.sign"].create({"contract_id": contract.id}).action_sign()


def _approve(contract):
    """Let everybody decide whom the contract waits for, one after the other."""
    for _step in range(9):
        task = contract.sudo().approval_task_id
        if not task:
            break
        user = (task.waiting_ids | task.escalated_to_id)[:1]
        contract.env["crm.contract.decide"].with_user(user).with_context(
            active_model=contract._name, active_ids=contract.ids
        ).create({"decision": "approve", "comment": "Fine"}).action_decide()
        contract.env.invalidate_all()
    for condition in contract.sudo().condition_ids.filtered(lambda row: not row.is_met):
        condition.with_user(condition.user_id).action_met()


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


# Jobs


@contextmanager
def on(database, day):
    """Yield a fresh environment, at noon of a day."""
    with freeze_time(f"{day} 12:00:00", tick=True), Registry(database).cursor() as cr:
        yield api.Environment(cr, api.SUPERUSER_ID, {})


def run_jobs(database, days):
    """Run all scheduled jobs of the add-ons on some days, one after the other.

    :return: what failed (list of str), and afterwards the agreement of each contract:
        `{contract: [state, reason of the end, value]}`
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
        return failures, {
            str(contract.id): [
                contract.state,
                contract.end_reason or "",
                round(contract.amount_total, 2),
            ]
            for contract in facts.contracts_of(env)
        }


def _get_jobs(env):
    rows = env["ir.model.data"].search(
        [("model", "=", "ir.cron"), ("module", "=like", "crm_contract%")]
    )
    return env["ir.cron"].browse(rows.mapped("res_id")).sorted("priority")
