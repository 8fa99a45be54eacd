from . import crm_contract_version
from . import crm_contract_document
from . import crm_contract_changes
from . import crm_contract_verification
