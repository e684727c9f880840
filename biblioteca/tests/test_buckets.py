"""Pictures in a bucket: an S3 server (moto) in a process of its own, and the service's commands."""

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
import requests

from biblioteca.tests.servers import ROOT, environment_for, free_port, serving

pytestmark = pytest.mark.served
PICTURE = ROOT / "deploy" / "catalogue.png"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The environment of a service that keeps its pictures in a bucket."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    program = Path(sys.executable).parent / "moto_server"
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    try:
        for _ in range(200):
            try:
                requests.get(endpoint, timeout=5)
                break
            except requests.RequestException:
                time.sleep(0.1)
        client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip
        client.create_bucket(Bucket="fotos", ACL="public-read")
        yield keys | {
            "MEDIA_STORAGE": "s3://fotos/catalogo",
            "MEDIA_ENDPOINT": endpoint,
            "MEDIA_REGION": "us-east-1",
        }
        client.close()
    finally:
        process.terminate()
        process.wait()


def command(directory, *arguments, status=0, **environment):
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True,
        env=environment_for(directory, LANGUAGE_CODE="en", **environment), timeout=120,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def upload(address):
    with PICTURE.open("rb") as file:
        answer = requests.post(
            f"{address}/autores/", data={"nome": "Com foto"}, files={"foto": file}
        )
    assert answer.status_code == 201, answer.text
    return answer.json(), answer.headers["Location"]


def test_an_upload_goes_to_the_bucket_and_its_address_comes_back(bucket, tmp_path):
    with serving(tmp_path, "--vazio", **bucket) as address:
        made, item = upload(address)
        assert made["foto"].startswith(f"{bucket['MEDIA_ENDPOINT']}/fotos/catalogo/fotos/")
        assert "?" not in made["foto"]
        picture = requests.get(made["foto"])
        assert picture.headers["Cache-Control"].endswith("immutable")
        assert hashlib.sha256(picture.content).hexdigest() in made["foto"]
        tag = requests.get(item).headers["ETag"]
        again = requests.put(item, json=made)
        assert again.json()["foto"] == made["foto"]
        assert requests.get(item).headers["ETag"] == tag  # the same address changes nothing
        assert requests.get(f"{address}/health/ready").status_code == 200
    assert not (tmp_path / "media").exists()


def test_pictures_move_from_a_directory_to_a_bucket_and_back(bucket, tmp_path):
    with serving(tmp_path, "--vazio") as address:
        made, item = upload(address)
        assert made["foto"].startswith("/media/fotos/")
    said = command(tmp_path, "mover_fotos", "--para", "s3://fotos/movido", **bucket_keys(bucket))
    assert "1 pictures copied, 0 were there" in said
    said = command(tmp_path, "mover_fotos", "--para", "s3://fotos/movido", **bucket_keys(bucket))
    assert "0 pictures copied, 1 were there" in said
    moved = bucket | {"MEDIA_STORAGE": "s3://fotos/movido"}
    with serving(tmp_path, "--vazio", **moved) as address:
        path = item.split("/", 3)[3]
        shown = requests.get(f"{address}/{path}").json()["foto"]
        assert shown.startswith(f"{bucket['MEDIA_ENDPOINT']}/fotos/movido/fotos/")
        content = requests.get(shown).content
    back = tmp_path / "back"
    command(tmp_path, "mover_fotos", "--para", str(back), **moved)
    (file,) = [path for path in back.rglob("*") if path.is_file()]
    assert file.read_bytes() == content
    # A backup has the bucket's pictures too.
    command(tmp_path, "salvar_copia", str(tmp_path / "copia"), **moved)
    (saved,) = [path for path in (tmp_path / "copia" / "media").rglob("*") if path.is_file()]
    assert saved.read_bytes() == content


def bucket_keys(bucket):
    return {name: value for name, value in bucket.items() if name != "MEDIA_STORAGE"}


def test_a_damaged_picture_is_not_carried_on(tmp_path):
    name = f"fotos/ab/{'ab' * 32}.png"
    file = tmp_path / "media" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not what the name says")
    said = command(tmp_path, "mover_fotos", "--para", str(tmp_path / "other"), status=1)
    assert name in said
    assert not (tmp_path / "other" / name).exists()


def test_a_bucket_out_of_reach_is_said(tmp_path):
    away = {
        "MEDIA_ENDPOINT": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x", "MEDIA_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
    }  # fmt: skip
    file = tmp_path / "media" / "fotos" / "ab" / f"{'ab' * 32}.png"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    said = command(tmp_path, "mover_fotos", "--para", "s3://fotos/x", status=1, **away)
    assert "cannot be used" in said
    said = command(tmp_path, "check", status=1, MEDIA_STORAGE="gs://fotos")
    assert "s3://biblioteca-fotos" in said
