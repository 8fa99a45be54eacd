from . import crm_contract_installment
from . import crm_contract_installment_invoice
from . import crm_contract_figures
from . import crm_contract_ledger
from . import crm_contract_billing
from . import crm_contract_settlement
from . import crm_contract_late
from . import crm_contract_payments
