from . import crm_contract_expiry_mixin
from . import crm_contract_job
from . import crm_contract_job_failure
from . import crm_contract
from . import crm_contract_schedule
from . import crm_contract_succession
