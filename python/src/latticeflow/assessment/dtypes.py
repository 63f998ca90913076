"""The older place of the types."""

from latticeflow.core.dtypes import *  # noqa: F401,F403
from latticeflow.core.dtypes import __all__  # noqa: F401
