"""Stubs of `tollgate.v1` and of the services beside it, made from proto/ when the tests start.

They are made as any client's would be, by protoc, so that what is tested is the published interface.
"""

from __future__ import annotations

import atexit
import sys
import tempfile

from grpc_tools import protoc

from .tollgate import REPOSITORY

_directory = tempfile.TemporaryDirectory(prefix="tollgate-stubs-")
atexit.register(_directory.cleanup)

_sources = [
    "tollgate/v1/authorization.proto",
    "tollgate/v1/management.proto",
    "grpc/reflection/v1/reflection.proto",
]
_options = [
    f"--proto_path={REPOSITORY / 'proto'}",
    f"--python_out={_directory.name}",
    f"--grpc_python_out={_directory.name}",
]
assert protoc.main(["protoc", *_options, *_sources]) == 0, "proto/ does not compile"
sys.path.append(_directory.name)

# The library's package `grpc_reflection` also answers to `grpc.reflection`, but has only v1alpha.
import grpc_reflection

grpc_reflection.__path__.append(f"{_directory.name}/grpc/reflection")

from grpc.reflection.v1 import reflection_pb2 as reflection
from grpc.reflection.v1 import reflection_pb2_grpc as reflection_services
from tollgate.v1 import authorization_pb2 as messages
from tollgate.v1 import authorization_pb2_grpc as services
from tollgate.v1 import management_pb2 as management
from tollgate.v1 import management_pb2_grpc as management_services

__all__ = [
    "management", "management_services", "messages", "reflection", "reflection_services",
    "services",
]  # fmt: skip
