from . import (
    account_move_reversal,
    crm_contract_bill,
    crm_contract_difference,
    crm_contract_end,
    crm_contract_interest,
    crm_contract_link_invoice,
    crm_contract_load_examples,
    crm_contract_plan,
    crm_contract_sign,
    crm_contract_take_charge,
    crm_contract_take_over,
    sale_make_invoice_advance,
)
