"""A command line that was typed wrongly, and the frame of every help page, in the reader's language: the library has them in English."""

import re
from collections.abc import Sequence
from typing import Any

from typer import TyperException

from gridmap.errors import BadInput
from gridmap.words import Lang, Sentence, say

TITLES = {
    "ARGUMENTS_PANEL_TITLE": "arguments",
    "OPTIONS_PANEL_TITLE": "options",
    "COMMANDS_PANEL_TITLE": "commands",
    "REQUIRED_LONG_STRING": "required",
    "DEFAULT_STRING": "default",
}
"""What the library calls a text of a help page, and how we do (`cli.help.…`)."""
NUMBERS = frozenset({"int_parsing", "int_type", "int_from_float", "float_parsing", "float_type", "finite_number"})
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


class UsageWrong(BadInput):
    """A command line that cannot be understood; facts: why, help."""


class CommandMissing(UsageWrong):
    """A group of commands, and none of them; facts: help."""


class CommandUnknown(UsageWrong):
    """No command of this name; facts: command, near, help."""


class OptionMissing(UsageWrong):
    """An option that is needed was not given; facts: option, help."""


class OptionUnknown(UsageWrong):
    """No option of this name; facts: option, near, help."""


class OptionEmpty(UsageWrong):
    """An option without the value that it takes; facts: option, help."""


class OptionFilled(UsageWrong):
    """An option with a value that takes none; facts: option, help."""


class ArgumentMissing(UsageWrong):
    """An argument that is needed was not given; facts: argument, help."""


class ArgumentsLeft(UsageWrong):
    """More arguments than the command takes; facts: left, help."""


class ChoiceUnknown(UsageWrong):
    """A value that is none of those that can be; facts: option, text, known, help."""


class NumberUnusable(UsageWrong):
    """A value that is no number of the kind; facts: option, text, help."""


class NumberOutside(UsageWrong):
    """A number that is too small or too large; facts: option, bound, help."""


class ValueUnusable(UsageWrong):
    """A value that cannot be used; facts: option, why, help."""


def as_refusal(fault: TyperException, arguments: Sequence[str]) -> UsageWrong | None:
    """What the library refused about these arguments, as a refusal of ours; None where it was answered by the help page."""
    context: Any = getattr(fault, "ctx", None)
    told: dict[str, Any] = {"help": f"{context.command_path if context else 'gridmap'} --help"}
    match type(fault).__name__:  # it shows none of these classes but BadParameter
        case "NoArgsIsHelpError":
            return None
        case "MissingParameter":
            return _missing(fault, told)
        case "NoSuchOption" | "BadOptionUsage":
            return _option(fault, told)
        case "BadParameter":
            return _bad(fault, told)
    return _command(fault, arguments, told)


def _option(fault: Any, told: dict[str, Any]) -> UsageWrong:
    told["option"] = fault.option_name
    if hasattr(fault, "possibilities"):
        return OptionUnknown(near=_near(fault.possibilities or ()), **told)
    return OptionEmpty(**told) if "requires" in fault.message else OptionFilled(**told)


def _command(fault: Any, arguments: Sequence[str], told: dict[str, Any]) -> UsageWrong:
    """What has no class of its own is known by how its sentence begins."""
    said, (_, _, left) = fault.message, fault.message.partition("(s) (")
    if said.startswith("No such command"):
        near = re.findall(r"'([^']+)'", said.partition("Did you mean")[2])
        return CommandUnknown(command=_unknown(fault.ctx, arguments), near=_near(near), **told)
    if said.startswith("Got unexpected extra"):
        return ArgumentsLeft(left=left.removesuffix(")"), **told)
    return CommandMissing(**told) if said.startswith("Missing command") else UsageWrong(why=said, **told)


def _near(names: Sequence[str]) -> Sentence | str:
    """What may have been meant."""
    return Sentence("cli.help.near", {"names": ", ".join(sorted(names))}) if names else ""


def _unknown(context: Any, arguments: Sequence[str]) -> str:
    """The first word that is no option after those that led to this group."""
    depth = len(context.command_path.split()) - 1
    return [word for word in arguments if not word.startswith("-")][depth]


def _missing(fault: Any, told: dict[str, Any]) -> UsageWrong:
    name = _named(fault)
    return ArgumentMissing(argument=name, **told) if fault.param.param_type_name == "argument" else OptionMissing(option=name, **told)


def _named(fault: Any) -> str:
    """The option or argument as it is typed."""
    return fault.param.get_error_hint().replace("'", "") if fault.param else ""


def _bad(fault: Any, told: dict[str, Any]) -> UsageWrong:
    """A value that its option or argument does not take. What the library's own checks found stands in the cause; else we said it."""
    found: list[Any] = getattr(fault.__cause__, "errors", list)()
    if not found:
        return UsageWrong(why=fault.message, **told)
    told["option"], first = _named(fault), found[0]
    choices = fault.param.type_descriptor.choices
    bounds = [f"{sign} {first['ctx'][name]}" for name, sign in BOUNDS.items() if name in first.get("ctx", {})]
    if choices:
        return ChoiceUnknown(text=first["input"], known=", ".join(map(str, choices)), **told)
    if first["type"] in NUMBERS:
        return NumberUnusable(text=first["input"], **told)
    return NumberOutside(bound=bounds[0], **told) if bounds else ValueUnusable(why=first["msg"], **told)


def speak(lang: Lang) -> None:
    """Have every help page framed in this language. There is no public way; tests watch what is changed here."""
    from typer import rich_utils  # noqa: PLC0415 (a command that shows no help in Chinese does not wait for it)
    from typer._click import decorators, formatting  # noqa: PLC0415

    for name, ours in TITLES.items():
        setattr(rich_utils, name, say(f"cli.help.{ours}", lang, value="{}"))
    _translate_usage(formatting.HelpFormatter, lang)
    _translate_help_option(decorators, lang)
    _fold(rich_utils)


def _translate_usage(formatter: Any, lang: Lang) -> None:
    written = formatter.write_usage
    words = {"[OPTIONS]": say("cli.help.any_options", lang), "COMMAND [ARGS]...": say("cli.help.any_command", lang)}

    def write_usage(self: Any, prog: str, args: str = "", prefix: str | None = None) -> None:
        for theirs, ours in words.items():
            args = args.replace(theirs, ours)
        written(self, prog, args, prefix or say("cli.help.usage", lang))

    formatter.write_usage = write_usage


def _translate_help_option(decorators: Any, lang: Lang) -> None:
    made = decorators.help_option

    def help_option(names: list[str]) -> Any:
        def add(command: Any) -> Any:
            made(names)(command)
            command.params[-1].help = say("cli.help.help", lang)
            return command

        return add

    decorators.help_option = help_option


def _fold(rich_utils: Any) -> None:
    """A line without spaces, as Chinese is, goes on in the next line of `--help`; the tables would cut its end off."""
    made = rich_utils._make_rich_text

    def folded(**asked: Any) -> Any:
        text = made(**asked)
        text.overflow = "fold"
        return text

    rich_utils._make_rich_text = folded
