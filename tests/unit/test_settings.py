"""Settings that cannot be used are all told at once, each with the variable, what is wrong and what to do, in both languages."""

import re
from itertools import product

import pytest

from gridmap.errors import BadSettings
from gridmap.settings import read_settings

SECRET = "very-secret-7f3a"
OIDC = {"GRIDMAP_OIDC_ISSUER": "https://id.example", "GRIDMAP_OIDC_CLIENT_ID": "x", "GRIDMAP_OIDC_CLIENT_SECRET": SECRET}
HOOK = {"GRIDMAP_WEBHOOK_URL": "https://oa.example/x", "GRIDMAP_WEBHOOK_SECRET": "whsec_" + "A" * 40}
FAULTY = [
    *({"GRIDMAP_TIMEZONE": zone} for zone in ("Mars/Olympus", "../../etc/passwd", "Asia", "\0", "UTC+8 ")),
    *({"GRIDMAP_LANG": lang} for lang in ("xx", "EN", "zh-CN", " en")),
    *({"GRIDMAP_DATABASE_URL": url} for url in ("mysql://x", "gridmap.db", "/var/x.db", f"oracle://u:{SECRET}@h/x")),
    *({"GRIDMAP_PROXY": text} for text in ("proxy", "10.0.0.1/8", "0.0.0.0/0", "::/0", "127.0.0.1;10.0.0.1", "999.1.1.1")),
    *(
        {"GRIDMAP_PUBLIC_URL": url}
        for url in ("http://x.example", "https://", "https://localhost", "https://x.example/path", "https://a b")
    ),
    *({"GRIDMAP_VERIFY": text} for text in ("media", "resident;hotline", "RESIDENT")),
    *({"GRIDMAP_REHOME": text} for text in ("later", "Move", "yes")),
    *({"GRIDMAP_PUBLISHERS": text} for text in ("0", "3", "two")),
    *({"GRIDMAP_TARGET_TOWN": text} for text in ("-1", "eighty", "10001")),
    *({**OIDC, name: ""} for name in OIDC),
    *({**OIDC, "GRIDMAP_OIDC_ISSUER": url} for url in ("http://id.example", "id.example", f"https://u:{SECRET}@id.example")),
    {**OIDC, "GRIDMAP_OIDC_CLIENT_SECRET_FILE": __file__},
    {**OIDC, "GRIDMAP_OIDC_CLIENT_SECRET": "", "GRIDMAP_OIDC_CLIENT_SECRET_FILE": "/"},
    *({**HOOK, name: ""} for name in HOOK),
    *({**HOOK, "GRIDMAP_WEBHOOK_URL": url} for url in ("http://oa.example", f"https://u:{SECRET}@oa.example/", "ftp://oa.example")),
    *({**HOOK, "GRIDMAP_WEBHOOK_SECRET": text} for text in (SECRET, "whsec_", "whsec_c2hvcnQ=", "whsec_ü")),
    *({name: SECRET} for name in ("GRIDMAP_DATABSE_URL", "GRIDMAP_PUBLIC_URI", "GRIDMAP_LANGUAGE", "GRIDMAP_DEBUG", "GRIDMAP_")),
]


@pytest.mark.parametrize("wrong", FAULTY, ids=lambda wrong: " ".join(f"{name}={value}" for name, value in wrong.items())[:60])
def test_what_cannot_be_used_is_named_with_its_variable_and_without_any_secret(wrong: dict[str, str]) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings(wrong)
    for lang in ("en", "zh"):
        told = refused.value.as_dict(lang)  # type: ignore[arg-type]
        assert len(told["faults"]) == 1, told
        assert any(name.removesuffix("_FILE") in told["faults"][0] for name in wrong)
        assert SECRET not in told["error"]
    assert not re.search("[一-鿿]", refused.value.text("en"))


def test_every_fault_is_told_at_once_each_on_its_line() -> None:
    wrong = {"GRIDMAP_TIMEZONE": "x", "GRIDMAP_LANG": "x", "GRIDMAP_DATABASE_URL": "x", "GRIDMAP_PROXY": "x y", "GRIDMAP_PUBLIC_URL": "x"}
    more = {"GRIDMAP_VERIFY": "x", "GRIDMAP_REHOME": "x", "GRIDMAP_WEBHOOK_URL": "x", "GRIDMAP_OIDC_ISSUER": "x", "GRIDMAP_X": "x"}
    with pytest.raises(BadSettings) as refused:
        read_settings(wrong | more)
    told = refused.value.text("en")
    for name, line in product(wrong | more, [told.splitlines()]):
        assert sum(each.startswith(f"  • {name}") or (name in each and "belong together" in each) for each in line) >= 1, name
    assert len(refused.value.faults) == 13


def test_a_slip_of_the_fingers_is_told_with_what_was_meant() -> None:
    with pytest.raises(BadSettings, match=r"GRIDMAP_DATABSE_URL .* Did you mean GRIDMAP_DATABASE_URL"):
        read_settings({"GRIDMAP_DATABSE_URL": "sqlite:///x.db"})


def test_what_others_set_is_nobodys_matter() -> None:
    assert read_settings({"PATH": "/bin", "XGRIDMAP_LANG": "x", "GRIDMAP_TEST_DATABASE_URL": "x"}).lang == "en"
