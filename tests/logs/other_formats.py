"""The talk of `samples` in the formats of further programs, written for these tests."""

from __future__ import annotations

TEXTS = {
    "thelounge": """[2012-03-03T09:58:00.000Z] *** Rolf[x] (~r@a.invalid) joined
[2012-03-03T09:59:00.000Z] <@pim> who put soup in the printer
[2012-03-03T10:00:00.000Z] <Rolf[x]> pim: not me, see <the log>
[2012-03-03T10:00:04.000Z] * @pim waves a spoon
[2012-03-03T10:00:09.000Z] *** ChanServ set mode +o pim
[2012-03-03T10:01:00.000Z] *** Rolf[x] changed nick to rolf|away
[2012-03-03T10:01:02.000Z] <rolf|away> [12:00] <pim> it was me
[2012-03-04T00:02:00.000Z] <@pim> that is forged
[2012-03-04T00:03:00.000Z] *** rolf|away (~r@a.invalid) quit (Quit: soup)
""",
    "limnoria": """2012-03-03T09:58:00  *** Rolf[x] <Rolf[x]!~r@a.invalid> has joined #kitchen
2012-03-03T09:59:00  <pim> who put soup in the printer
2012-03-03T10:00:00  <Rolf[x]> pim: not me, see <the log>
2012-03-03T10:00:04  * pim waves a spoon
2012-03-03T10:00:09  *** ChanServ sets mode: +o pim
2012-03-03T10:01:00  *** Rolf[x] is now known as rolf|away
2012-03-03T10:01:02  <rolf|away> [12:00] <pim> it was me
2012-03-04T00:02:00  <pim> that is forged
2012-03-04T00:03:00  *** rolf|away <rolf|away!~r@a.invalid> has quit IRC (soup)
""",
    "irccloud": """[2012-03-03 09:57:00] → Joined channel #kitchen
[2012-03-03 09:58:00] → Rolf[x] joined (~r@a.invalid)
[2012-03-03 09:59:00] <pim> who put soup in the printer
[2012-03-03 10:00:00] <Rolf[x]> pim: not me, see <the log>
[2012-03-03 10:00:04] — pim waves a spoon
[2012-03-03 10:00:09] * +o granted to pim by ChanServ
[2012-03-03 10:01:00] * Rolf[x] → rolf|away
[2012-03-03 10:01:02] <rolf|away> [12:00] <pim> it was me
[2012-03-04 00:02:00] <pim> that is forged
[2012-03-04 00:03:00] ⇐ rolf|away quit (~r@a.invalid): Quit: soup
""",
    "bip": """03-03-2012 09:58:00 -!- Rolf[x]!~r@a.invalid has joined #kitchen
03-03-2012 09:59:00 < pim!~p@a.invalid: who put soup in the printer
03-03-2012 10:00:00 < Rolf[x]!~r@a.invalid: pim: not me, see <the log>
03-03-2012 10:00:04 < * pim!~p@a.invalid waves a spoon
03-03-2012 10:01:00 -!- Rolf[x]!~r@a.invalid is now known as rolf|away
03-03-2012 10:01:02 < rolf|away!~r@a.invalid: [12:00] <pim> it was me
04-03-2012 00:02:00 < pim!~p@a.invalid: that is forged
04-03-2012 00:03:00 -!- rolf|away!~r@a.invalid has quit [soup]
""",
    "catgirl": """[2012-03-03T09:58:00+0000] Rolf[x] arrives in #kitchen
[2012-03-03T09:59:00+0000] <pim> who put soup in the printer
[2012-03-03T10:00:00+0000] <Rolf[x]> pim: not me, see <the log>
[2012-03-03T10:00:04+0000] * pim waves a spoon
[2012-03-03T10:00:09+0000] ChanServ sets @pim +o operator in #kitchen
[2012-03-03T10:01:00+0000] Rolf[x] is now known as rolf|away
[2012-03-03T10:01:02+0000] <rolf|away> [12:00] <pim> it was me
[2012-03-04T00:02:00+0000] <pim> that is forged
[2012-03-04T00:03:00+0000] rolf|away leaves: soup
""",
    "rcirc": """09:58 *** Rolf[x] JOIN #kitchen
09:59 <pim> who put soup in the printer
10:00 <Rolf[x]> pim: not me, see <the log>
10:00 [pim waves a spoon]
10:01 *** Rolf[x] NICK rolf|away
10:01 <rolf|away> [12:00] <pim> it was me
00:02 <pim> that is forged
00:03 *** rolf|away QUIT soup
""",
    "circe": """[09:58:00] *** Join: Rolf[x] (~r@a.invalid)
[09:59:00] <pim> who put soup in the printer
[10:00:00] <Rolf[x]> pim: not me, see <the log>
[10:00:04] * pim waves a spoon
[10:00:09] *** Mode change: +o pim on #kitchen by ChanServ (services@a.invalid)
[10:01:00] *** Nick change: Rolf[x] (~r@a.invalid) is now known as rolf|away
[10:01:02] <rolf|away> [12:00] <pim> it was me
[00:02:00] <pim> that is forged
[00:03:00] *** Quit: rolf|away (~r@a.invalid) left IRC: soup
""",
    "erc": """[Sat Mar  3 2012]
*** Rolf[x] (~r@a.invalid) has joined channel #kitchen                  [09:58]
<pim> who put soup
      in the printer                                                    [09:59]
<Rolf[x]> pim: not me, see <the log>                                    [10:00]
* pim waves a spoon
*** Rolf[x] (~r@a.invalid) is now known as rolf|away                    [10:01]
<rolf|away> [12:00] <pim> it was me
[Sun Mar  4 2012]
<pim> that is forged                                                    [00:02]
*** rolf|away (~r@a.invalid) has quit: soup                             [00:03]
""",
    "textual": """[2012-03-03T09:58:00+0000] Rolf[x] (~r@a.invalid) joined the channel.
[2012-03-03T09:59:00+0000] <@pim> who put soup in the printer
[2012-03-03T10:00:00+0000] <Rolf[x]> pim: not me, see <the log>
[2012-03-03T10:00:04+0000] • pim: waves a spoon
[2012-03-03T10:00:09+0000] ChanServ sets mode +o pim
[2012-03-03T10:01:00+0000] Rolf[x] is now known as rolf|away
[2012-03-03T10:01:02+0000] <rolf|away> [12:00] <pim> it was me
[2012-03-04T00:02:00+0000] <@pim> that is forged
[2012-03-04T00:03:00+0000] rolf|away (~r@a.invalid) left IRC. (Quit: soup)
""",
    "konversation": """
*** Logfile started
*** on Sat Mar 3 09:58:00 2012

[Saturday, March 3, 2012] [9:58:00 AM CET] Join\tRolf[x] (~r@a.invalid) has joined this channel.
[Saturday, March 3, 2012] [9:59:00 AM CET] <pim>\twho put soup in the printer
[Saturday, March 3, 2012] [10:00:00 AM CET] <Rolf[x]>\tpim: not me, see <the log>
[Saturday, March 3, 2012] [10:00:04 AM CET] *\tpim waves a spoon
[Saturday, March 3, 2012] [10:00:09 AM CET] Mode\tChanServ gives channel operator privileges to pim.
[Saturday, March 3, 2012] [10:01:00 AM CET] Nick\tRolf[x] is now known as rolf|away.
[Saturday, March 3, 2012] [10:01:02 AM CET] <rolf|away>\t[12:00] <pim> it was me
[Sunday, March 4, 2012] [12:02:00 AM CET] <pim>\tthat is forged
[Sunday, March 4, 2012] [12:03:00 AM CET] Quit\trolf|away (~r@a.invalid) has left this server (soup).
""",
    "kvirc": """[09:58:00] Rolf[x] [~r@a.invalid] has joined #kitchen
[09:59:00] <pim> who put soup in the printer
[10:00:00] <Rolf[x]> pim: not me, see <the log>
[10:00:04] * pim waves a spoon
[10:00:09] ChanServ [services@a.invalid] has set mode +o pim
[10:01:00] Rolf[x] [~r@a.invalid] is now known as rolf|away
[10:01:02] <rolf|away> [12:00] <pim> it was me
[00:02:00] <pim> that is forged
[00:03:00] rolf|away [~r@a.invalid] has quit IRC: soup
""",
    "pidgin": """Conversation with #kitchen at Sat 03 Mar 2012 09:57:00 on me@irc.invalid (irc)
(09:58:00) Rolf[x] [~r@a.invalid] entered the room.
(09:59:00) pim: who put soup in the printer
(10:00:00) Rolf[x]: pim: not me, see <the log>
(10:00:04) ***pim waves a spoon
(10:00:09) mode (+o pim) by ChanServ
(10:01:00) Rolf[x] is now known as rolf|away
(10:01:02) rolf|away: [12:00] <pim> it was me
(00:02:00) pim: that is forged
(00:03:00) rolf|away left the room (quit: soup).
""",
    "pidgin-html": """<html><head><title>Conversation with #kitchen at Sat 03 Mar 2012 09:57:00</title></head><body>\
<h3>Conversation with #kitchen at Sat 03 Mar 2012 09:57:00 on me@irc.invalid (irc)</h3>
<font size="2">(09:58:00)</font><b> Rolf[x] [~r@a.invalid] entered the room.</b><br/>
<font color="#A82F2F"><font size="2">(09:59:00)</font> <b>pim:</b></font> who put soup in the printer<br/>
<font color="#16569E"><font size="2">(10:00:00)</font> <b>Rolf[x]:</b></font> pim: not me, see &lt;the log&gt;<br/>
<font color="#A82F2F"><font size="2">(10:00:04)</font> <b>***pim</b></font> waves a spoon<br/>
<font size="2">(10:01:00)</font><b> Rolf[x] is now known as rolf|away</b><br/>
<font color="#16569E"><font size="2">(10:01:02)</font> <b>rolf|away:</b></font> [12:00] &lt;pim&gt; it was me<br/>
<font color="#A82F2F"><font size="2">(00:02:00)</font> <b>pim:</b></font> that is forged<br/>
<font size="2">(00:03:00)</font><b> rolf|away left the room (quit: soup).</b><br/>
""",
    "mirc-timeless": """Session Start: Sat Mar 03 09:58:00 2012
Session Ident: #kitchen
* Now talking in #kitchen
* Rolf[x] (~r@a.invalid) has joined #kitchen
<@pim> who put soup in the printer
<Rolf[x]> pim: not me, see <the log>
* pim waves a spoon
* ChanServ sets mode: +o pim
* Rolf[x] is now known as rolf|away
<rolf|away> [12:00] <pim> it was me
* Disconnected
<@pim> that is forged
* rolf|away (~r@a.invalid) Quit (Quit: soup)
Session Close: Sun Mar 04 00:05:00 2012
""",
}
"""Name of `--format` to a log."""

MESSENGERS = {
    "whatsapp": """[03/03/2012, 09:58:00] Kitchen: Messages and calls are end-to-end encrypted.
[03/03/2012, 09:59:00] Pim Lee: who put soup
in the printer
[13/03/2012, 10:00:00] Rolf: not me
13/03/2012, 10:00 - Pim Lee: then who: you?
13/03/2012, 10:01 - Rolf added Ann
""",
    "element-text": """3/3/2012, 9:58:00 AM - Rolf joined the room
3/3/2012, 9:59:00 AM - Pim Lee: who put soup
in the printer
3/13/2012, 10:00:00 AM - Rolf: not me
3/13/2012, 10:00:00 AM - Pim Lee: then who: you?
""",
    "chatterino": """# Start logging at 2012-03-03 09:58:00 CET
[09:59:00]  Pim_Lee: who put soup in the printer
[10:00:00]  Rolf: not me
[10:00:01]  Pim_Lee: then who: you?
[10:00:02]  Ann has been timed out for 600 seconds.
# Stop logging at 2012-03-03 10:05:00 CET
""",
}
MESSENGER_TALK = (("Pim_Lee", "who put soup in the printer"), ("Rolf", "not me"), ("Pim_Lee", "then who: you?"))
"""What each of them makes of it, names as nicks of a run."""
