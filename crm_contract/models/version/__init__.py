from . import crm_contract_version
from . import crm_contract_document
