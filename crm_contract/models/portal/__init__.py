from . import crm_contract_link
from . import crm_contract_portal
from . import crm_contract_portal_page
from . import crm_contract_portal_message
from . import crm_contract_portal_signing
from . import crm_contract
