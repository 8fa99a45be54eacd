from . import crm_contract_register
from . import crm_contract_register_mail
from . import res_company
