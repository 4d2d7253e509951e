# pyarrow ships no types, and the published stubs refuse calls that work. Everything of it is Any
# here, so that strict checking holds for all the rest.
from typing import Any

Buffer = Any
DataType = Any
ListType = Any
Schema = Any
StructArray = Any
StructType = Any

class Array(Any):
    def __getitem__(self, index: Any) -> Any: ...
    @staticmethod
    def from_buffers(*args: Any) -> Any: ...

class ListArray(Any):
    @staticmethod
    def from_arrays(*args: Any) -> Any: ...

class Table(Any):
    @staticmethod
    def from_arrays(*args: Any, **kwargs: Any) -> Any: ...
    @staticmethod
    def from_batches(*args: Any, **kwargs: Any) -> Any: ...
    @staticmethod
    def from_pylist(*args: Any, **kwargs: Any) -> Any: ...

class ArrowException(Exception): ...

def __getattr__(name: str) -> Any: ...
