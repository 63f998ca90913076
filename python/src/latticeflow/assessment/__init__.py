from latticeflow.assessment import dtypes

__all__ = ["dtypes"]
