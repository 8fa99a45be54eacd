from . import crm_contract_mrr_movement
from . import crm_contract_mrr
from . import crm_contract_mrr_log
from . import crm_contract_mrr_schedule
from . import digest_digest
