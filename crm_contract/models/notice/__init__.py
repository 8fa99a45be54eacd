from . import crm_contract_notice
from . import digest_digest
