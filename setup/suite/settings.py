"""Where everything lies and what it is called."""

import os
import re
from pathlib import Path

from .console import SetupError

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "setup"
HOME = Path(os.environ.get("CONTRACT_HOME") or ROOT / ".run").absolute()
LOGS = HOME / "log"
MEASURED = HOME / "bench"
PREFIX = os.environ.get("CONTRACT_DB_PREFIX") or "contract"

ODOO_SERIES = "19.0"
ADDONS = ("crm_contract", "crm_contract_approval", "crm_contract_renewal")
APPROVAL = "crm_contract_approval"
# Tests that run without approvals, too: of what is submitted, decided, signed, or hangs on
# a state; what the ledger reckons is the same with and without them.
WITHOUT_APPROVAL = (
    "crm_contract/tests/test_access.py",
    "crm_contract/tests/test_content.py",
    "crm_contract/tests/test_lifecycle.py",
    "crm_contract/tests/test_lock.py",
    "crm_contract/tests/test_numbering.py",
    "crm_contract/tests/test_owned_fields.py",
    "crm_contract/tests/test_overview.py",
    "crm_contract/tests/test_search.py",
    "crm_contract_renewal/tests/test_amend.py",
    "crm_contract_renewal/tests/test_decision.py",
    "crm_contract_renewal/tests/test_defaults.py",
    "crm_contract_renewal/tests/test_family.py",
    "crm_contract_renewal/tests/test_grace.py",
    "crm_contract_renewal/tests/test_health.py",
    "crm_contract_renewal/tests/test_linked.py",
    "crm_contract_renewal/tests/test_overview.py",
    "crm_contract_renewal/tests/test_portal.py",
    "crm_contract_renewal/tests/test_quotation.py",
    "crm_contract_renewal/tests/test_rebase.py",
    "crm_contract_renewal/tests/test_refresh.py",
    "crm_contract_renewal/tests/test_reminder.py",
    "crm_contract_renewal/tests/test_renew.py",
    "crm_contract_renewal/tests/test_renewal_run.py",
    "crm_contract_renewal/tests/test_reopen.py",
    "crm_contract_renewal/tests/test_signature.py",
    "crm_contract_renewal/tests/test_take_over.py",
    "crm_contract_renewal/tests/test_terminate.py",
    "crm_contract_renewal/tests/test_tours.py",
)
# What the servers of tests/ have besides: what the readme shows automation rules with,
# and the app whose tasks obligations lead to.
BESIDE = ("base_automation", "project")
# What the add-ons build on; installed once into the template databases.
BASE_MODULES = (
    "account",
    "crm",
    "sale_crm",
    "sale_management",
)
# Odoo archives English when only other languages are named.
LANGUAGES = "en_US,zh_CN"
LOGIN = PASSWORD = "admin"
DEFAULT_PORT = 8069
# Of pages that are generated
LINE_LENGTH = 88
MOST_LANES = 4

# Odoo unpacked 1.3 GB, Python packages 0.5 GB, downloads and databases the rest.
SPACE_NEEDED_MB = 3000


def check_names():
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", PREFIX):
        raise SetupError(
            f"CONTRACT_DB_PREFIX={PREFIX} can't be used; it takes small letters, "
            "digits and underscores, 31 at most, a letter first."
        )


def count_lanes():
    """How many processes share each part of the tests."""
    text = os.environ.get("LANES") or str(min(MOST_LANES, os.cpu_count() or 1))
    if not text.isdigit() or not int(text):
        raise SetupError(f"LANES={text} can't be used; give a number from 1 on.")
    return int(text)


def check_addons():
    missing = [
        name for name in ADDONS if not (ROOT / name / "__manifest__.py").exists()
    ]
    if missing:
        raise SetupError(
            f"The add-ons {', '.join(missing)} are missing beside setup/; "
            "get the complete repository (git status tells what is gone)."
        )


def addon_closure(addon):
    """The add-ons of the suite that `addon` is installed with, itself included."""
    return (addon,) if addon == ADDONS[0] else (ADDONS[0], addon)
