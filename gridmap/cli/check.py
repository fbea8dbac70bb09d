"""`gridmap check`: everything that is wrong with settings, files and database, at once."""

import typer

from gridmap.cli.door import LANG, USED_WRONGLY, JsonFlag, app, login, settings, tell, words


@app.command("check", help=words("cli.check"))
def check(json: JsonFlag = False) -> None:
    from gridmap.flows.act import act_at_machine  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)
    from gridmap.flows.look_over import look_over  # noqa: PLC0415

    found = [each.text(LANG) for each in look_over(settings(), actor=act_at_machine(login()))]
    bad = [words("cli.check_bad", count=len(found)), *(f"  • {each}" for each in found)]
    said = "\n".join(bad) if found else words("cli.check_good")
    tell({"good": not found, "faults": found}, said, json=json)
    if found:
        raise typer.Exit(USED_WRONGLY)
