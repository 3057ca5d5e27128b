"""Secrets: whatever way they take through the server, they are found nowhere afterwards."""

from __future__ import annotations

import uuid

import grpc
import requests
from support import rpc
from support.admin import TIMEOUT, Admin
from support.native import messages, services


def test_no_secret_is_kept_logged_or_told(tollgate, envoy_before, tmp_path):
    server = tollgate("--log-level", "trace", "--audit-checkpoints", tmp_path / "checkpoints").start()
    envoy = envoy_before(server.rpc)
    admin = server.admin
    key = admin.create()
    revoked = admin.create()
    admin.revoke(revoked)
    unknown = f"sk-canary-{uuid.uuid4().hex}"
    mistyped = key.secret[:-1] + ("0" if key.secret[-1] != "0" else "1")
    prompt = f"a prompt that nobody may see {uuid.uuid4().hex}"
    credential = f"sk-supplier-{uuid.uuid4().hex}"
    supplier = {
        "name": "east", "provider": "openai", "base_url": "https://east.example/v1",
        "credential": {"type": "bearer", "value": credential},
    }  # fmt: skip
    seen: list[str] = [str(admin.expect(200, "PUT", "/v1/suppliers", json={"suppliers": [supplier]}))]
    hardwired = admin.create(allowed_suppliers=["east"])
    secrets = [server.admin_key, key.secret, revoked.secret, hardwired.secret, unknown, mistyped]
    keys = list(secrets)
    secrets += [prompt, credential]

    # What the client asks the model is in the request that the proxy shows.
    envoy.ask(key.secret, model="gpt-4o", messages=[{"role": "user", "content": prompt}])
    # The supplier learns its own credential, and nobody else does.
    reply = envoy.ask(hardwired.secret, model="gpt-4o")
    assert reply.upstream.one("authorization") == f"Bearer {credential}"
    seen += [reply.body.decode() + str(reply.headers), str(envoy.log(reply))]
    for secret in keys:
        reply = envoy.ask(secret, headers={"x-api-key": secret}, model="gpt-4o")
        seen.append(reply.body.decode() + str(reply.headers))
        stranger = Admin(f"http://{server.http}", secret)
        seen.append(stranger.call("GET", "/v1/keys").text)
        seen.append(stranger.call("GET", f"/v1/keys/{secret}").text)
        seen.append(stranger.call("GET", "/v1/audit-logs", params={"key_id": secret}).text)
        with rpc.connect(server.rpc) as channel:
            stub = services.AuthorizationStub(channel)
            for text in (secret, secret + "\0", secret + "\xff"):
                request = messages.CheckRequest(key=text, model="m", explain=True)
                try:
                    seen.append(str(stub.Check(request, timeout=rpc.TIMEOUT)))
                except grpc.RpcError as error:
                    seen.append(error.details())
            cut = messages.CheckRequest(key=secret).SerializeToString()[:-1]
            try:
                rpc.raw_call(channel, rpc.NATIVE_CHECK)(cut, timeout=rpc.TIMEOUT)
            except grpc.RpcError as error:
                seen.append(error.details())

    seen.append(requests.get(f"http://{server.http}/metrics", timeout=TIMEOUT).text)
    seen.append(str(admin.logs(type="all")))
    for form in ("json", "jsonl", "csv"):
        parameters = {"format": form, "limit": "all", "type": "all"}
        seen.append(admin.call("GET", "/v1/audit-logs", params=parameters).text)
    seen.append(admin.call("GET", "/v1/manage/logs").text)
    seen.append(admin.call("GET", "/v1/suppliers").text)
    question = ["--rpc", server.rpc, "--key", hardwired.secret, "--model", "gpt-4o", "--explain"]
    for arguments in (["suppliers", "list"], ["check", *question]):
        told = server.command(*arguments)
        assert told.returncode == 0, told.stderr
        seen.append(told.stdout + told.stderr)
    seen.append(admin.call("GET", "/v1/usage?group_by=key,model,day").text)
    seen.append(str(admin.keys()))
    assert server.terminate() == 0
    seen += [server.output, server.errors, (tmp_path / "checkpoints").read_text()]
    for secret in secrets:
        for text in seen:
            assert secret not in text
        for file in server.data.rglob("*"):
            if file.is_file():
                assert secret.encode() not in file.read_bytes(), file


def test_the_pepper_is_not_in_the_store(tollgate):
    pepper = uuid.uuid4().hex + uuid.uuid4().hex
    server = tollgate(environment={"TOLLGATE_PEPPER": pepper}).start()
    server.admin.create()
    assert server.terminate() == 0
    raw = bytes.fromhex(pepper)
    for file in server.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert raw not in content and pepper.encode() not in content, file
    assert pepper not in server.output + server.errors
