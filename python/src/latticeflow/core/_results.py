"""What scorers, metrics and system tasks deal in."""

from latticeflow.core._structure import Field, Structure

RawSample = dict
"""A row of a dataset."""


class SampleScore(Structure):
    """The scores of one sample by one scorer, as metrics get them."""

    FIELDS = {"values": Field(factory=dict), "metadata": Field(factory=dict), "direct_ios": Field(factory=list)}


class SystemTaskMetricEntry(Structure):
    FIELDS = {"value": Field(), "reason": Field(None)}


class SystemTaskOutput(Structure):
    FIELDS = {"metrics": Field(factory=dict)}
