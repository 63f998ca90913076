from latticeflow.core import dtypes

__all__ = ["dtypes"]
