"""`TasteAware`: an app that looks, tells times and takes keys as its operator likes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from textual.filter import LineFilter
from textual.reactive import Reactive
from textual.theme import Theme
from textual.timer import Timer

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.line import LineAware
from mahavishnu_tui.screens.session import Taste
from mahavishnu_tui.screens.times import FORMS, SAID, TimeForm
from mahavishnu_tui.widgets.plain import PlainSigns
from mahavishnu_tui.widgets.themes import DEFAULT, THEMES, colourless


class TasteAware(LineAware):
    """Theme, NO_COLOR, ASCII, the form of times and the keymap.

    Args:
        theme: what to look like until the settings are read.
    """

    theme: Reactive[str] = Reactive(DEFAULT)

    def __init__(self, theme: str = DEFAULT) -> None:
        super().__init__()
        self._usual_theme = theme
        self.set_reactive(TasteAware.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())
        # The filter that makes RGB of a terminal's own colours was chosen for the theme before.
        self._refresh_truecolor_filter(self.ansi_theme)
        self.watch_theme()
        self._plain = PlainSigns()
        self._retelling: Timer | None = None
        self._checked_keymap: Mapping[str, str] = {}

    def say(self, text: str, severity: str = "info") -> None:
        """Put a message on the topmost screen that has a row for it."""
        raise NotImplementedError

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Our own, and Textual's."""
        return {**THEMES, **super().available_themes}

    def watch_theme(self) -> None:
        """What is left of colours under NO_COLOR depends on the theme."""
        if self.no_color:
            self._filters = colourless(self._filters, self.native_ansi_color)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and in ASCII mode the one that leaves nothing else."""
        filters = super().get_line_filters()
        return [*filters, self._plain] if self.session.ascii else filters

    def apply_taste(self) -> None:
        """Do what the settings say."""
        taste = self.session.taste
        self.look_at_line(taste.ssh)
        if taste.theme:
            self._wear(taste.theme)
        if taste.times != self.session.time_form:
            self.tell_times(taste.times)
        if taste.mouse:
            self.hear_mouse()
        if taste.keymap:
            self.set_keymap(dict(taste.keymap))
            if taste.keymap != self._checked_keymap:  # another context may have the same
                self._checked_keymap = taste.keymap
                in_background(self, self._check_keymap, "keymap")
        in_background(self, self._recall, "history")
        if taste.ascii:
            for widget in self.screen.walk_children():
                if hasattr(widget, "ascii_only"):  # painted before the settings were read
                    widget.ascii_only = True
                widget.refresh()

    def follow_taste(self, before: Taste) -> None:
        """Do what the settings of another context say."""
        taste = self.session.taste
        if taste.theme != before.theme and not taste.theme:
            self.theme = self._usual_theme
        if taste.keymap != before.keymap and not taste.keymap:
            self.set_keymap({})
        if self.session.connection is not None and taste != before:
            form = self.session.time_form  # what was chosen there since
            self.apply_taste()
            self.tell_times(form)

    def hear_mouse(self) -> None:
        """Have the terminal report clicks and the wheel; it was not asked to when the app began."""
        from textual.drivers.linux_driver import LinuxDriver

        driver = self._driver
        if isinstance(driver, LinuxDriver) and not driver._mouse:
            driver._mouse = True
            driver._enable_mouse_support()

    def _wear(self, theme: str) -> None:
        from mahavishnu_tui.screens.themes import wear

        try:
            wear(self, theme)
        except MahavishnuError as error:
            self.say(f"ui.theme: {self.session.record(error)}", "warning")

    async def _check_keymap(self) -> None:
        """Say what is wrong with remapped keys; all of it is in `:errors`."""

        def look() -> list[str]:
            from mahavishnu_tui.screens.keymap import keymap_problems

            return keymap_problems(self.session.taste.keymap)

        problems = await asyncio.to_thread(look)
        said = ""
        for problem in reversed(problems):
            said = str(self.session.record(MahavishnuError(ErrorCode.CONFIG_INVALID, problem)))
        if len(problems) > 1:
            said = f"{ErrorCode.CONFIG_INVALID.value} ui.keymap: {len(problems)} things are wrong (:errors)"
        if said:
            self.say(said, "warning")

    async def _recall(self) -> None:
        """The commands of earlier sessions."""
        session = self.session
        path = session.connection.history if session.connection is not None else None
        if path is not None:
            from mahavishnu_tui.screens.remembering import remembered

            session.commands.begin_with(await asyncio.to_thread(remembered, path))

    def action_times(self) -> None:
        """The next way to tell moments."""
        form = FORMS[(FORMS.index(self.session.time_form) + 1) % len(FORMS)]
        self.tell_times(form)
        self.say(f"times: {SAID[form]}")

    def tell_times(self, form: TimeForm) -> None:
        """Tell moments in another way, on every screen; what is relative is told anew each minute."""
        self.session.time_form = form
        if self._retelling is not None:
            self._retelling.stop()
        self._retelling = self.set_interval(60, self._age) if form == "relative" else None
        self._retell()

    def _age(self) -> None:
        if not self.session.clock.frozen:
            self._retell()

    def _retell(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, OperatorScreen):
                screen.draw_anew()
