"""What contracts say: as printed, as frozen, and on a day; see `facts`."""

import datetime
import re

from odoo.tools import html2plaintext

REPORT = "crm_contract.action_report_contract"
CERTIFICATE = "crm_contract_approval.report_certificate"
DAY = datetime.timedelta(days=1)
_NUMBER = re.compile(r'<span class="o_number">[^<]*</span>')


def print_pdf(contract):
    """Print a contract from its menu; return the bytes."""
    reports = contract.env["ir.actions.report"]
    return reports._render_qweb_pdf(REPORT, contract.ids)[0]


def find_frozen(contracts, expected):
    """Return the resolved texts that contracts say: {contract: texts}.

    :param expected: what they said in the old release; None in that one itself
    """
    if expected is None:
        expected = {
            str(contract.id): found
            for contract in contracts
            if contract.kind != "amendment" and (found := _get_frozen(contract))
        }
    return {
        key: _find(_print_words(contracts.browse(int(key))), texts)
        for key, texts in expected.items()
    }


def _get_frozen(contract):
    """Return the texts that a release stored as resolved (list of str)."""
    frozen = [contract.preamble_frozen, *contract.clause_ids.mapped("body_frozen")]
    return [_plain(text) for text in frozen if text]


def _print_words(contract, report=REPORT, data=None):
    """Return the words of a contract's text as it is laid out now."""
    html = contract.env["ir.actions.report"]._render_qweb_html(
        report, contract.ids, data=data
    )[0]
    # Numbers of paragraphs are layout.
    return _plain(_NUMBER.sub("", html.decode()))


def _find(text, words):
    """Return those of the words that the text has, in their order."""
    return [word for word in words if word in text]


def _plain(html):
    return " ".join(html2plaintext(html, include_references=False).split())


# As amended


def find_on_days(contracts, expected):
    """Return what contracts say on some days: {contract: {day: words}}, and all `words`.

    :param expected: as in `find_frozen`
    """
    if "crm.contract.text.on" not in contracts.env:
        return {}
    if not expected:
        amended = contracts.filtered("amendment_ids")
        expected = {str(contract.id): _ask(contract) for contract in amended}
    found = {}
    for key, asked in expected.items():
        contract, words = contracts.browse(int(key)), asked["words"]
        days = [day for day in asked if day != "words"]
        found[key] = {day: _find_on(contract, day, words) for day in days}
        found[key]["words"] = words
    return found


def _ask(contract):
    """Return the words to look for, and the days on which to look."""
    signed = contract.amendment_ids.filtered("date_signed")
    versions = contract | signed
    lines = versions.line_ids
    words = {
        *versions.mapped("name"),
        *lines.mapped("name"),
        *(f"{price:.2f}" for price in lines.mapped("price_unit")),
        *versions.milestone_ids.mapped("name"),
        *versions.document_ids.filtered(lambda d: d.kind == "annex").mapped("name"),
        *(text for version in versions for text in _get_frozen(version)),
    }
    days = {contract.date_start}
    for effective in signed.mapped("date_effective"):
        days |= {effective - DAY, effective}
    return {"words": sorted(words), **{str(day): None for day in sorted(days)}}


def _find_on(contract, day, words):
    """Print the text of a day from its dialog; return those of the words that it has.

    Before any amendment it is the stored file, and `find_frozen` looks at that.
    """
    dialog = contract.env["crm.contract.text.on"]
    action = dialog.create({"contract_id": contract.id, "date": day}).action_print()
    if action["report_name"] == contract.env.ref(REPORT).report_name:
        return ["as first signed"]
    data, context = action.get("data"), action.get("context") or {}
    ids = context.get("active_ids") or (data or {}).get("ids")
    return _find(_print_words(contract.browse(ids), action["report_name"], data), words)


def find_decisions(contracts):
    """Return what the certificates of approved contracts tell: {contract: words}."""
    if "review_ids" not in contracts._fields:
        return {}
    found = {}
    for contract in contracts.filtered("review_ids"):
        reviews = contract.review_ids
        words = {
            (contract.content_hash or "")[:12],
            *reviews.mapped("step_name"),
            *reviews.user_id.mapped("name"),
            *reviews.mapped("comment"),
        }
        printed = _print_words(contract, CERTIFICATE)
        found[str(contract.id)] = _find(printed, sorted(filter(None, words)))
    return found
