"""What users of the API name besides its functions: the error they see, callbacks of their own."""

from tf_creative.core.spec import UserError as UserError
from tf_creative.experiments.callbacks import Callback as Callback
