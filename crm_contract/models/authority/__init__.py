from . import crm_contract_type
from . import crm_contract_worth
from . import crm_contract_authority
from . import crm_contract_authority_use
from . import crm_contract_checklist
from . import crm_contract_interface
from . import crm_contract_signatory
from . import crm_contract_signature_request
