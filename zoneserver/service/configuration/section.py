"""What all sections of the configuration file have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in the file: it has these keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)
