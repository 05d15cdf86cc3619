"""What scripts wait for, as people of wit put it: the signals know it without a model, and nothing else by mistake."""

from __future__ import annotations

import pytest

from simulator.line_checks import LineChecker
from tests.worlds import shipped

INVENTIVE = """
that's a firm no from over here, I've seen what physics does to people
you'd be better off with the cat, I've retired from essays before I started
not on your life
mate. no.
that's a polite no, with a bow on it
request denied, appeal also denied
I've sworn off other people's worksheets
I'd sooner read the terms and conditions aloud
the integral can wait for somebody who loves it
wrong counter, try the one with the bored lady
I'm closed on Sundays, and on days that end in y
that one stays yours, bugs and all
not for all the biscuits in Tilburg
not for a kidney, yours or mine
I'm staying out of your plumbing
quizzes are between you and the clock
I don't do letters, they come back
nothing doing, but tell me about the forklift
I won't lift a pixel
I'll leave that with you and your conscience
look, no
oh, never. Ask me about gulls
I can count to no
when pigs conjugate
sit down, have a biscuit, and no
my answer has two letters and they aren't ok, so no
I've never met a semicolon and don't mean to
no poems on a Tuesday, house rules
no sums tonight, I promised myself
I wouldn't dream of it
the essay will have to manage without me
I have nothing for it but condolences
I decline, with love
that worksheet is yours, cherish it
I'm off duty, permanently
not even for the naming of a goldfish
still no, and it's getting comfortable
I'd much rather hear how it went wrong
keep your bribe, I'm on strike
you first
no remedies from me, I'd frame it
not touching that bill
hm, nope
I don't do requests, I heckle
motion refused by a majority of one
I'm leaving it where I found it
absolutely not, and I mean that warmly
that's a no, and the next one is too
I've taken an oath against spreadsheets
over my dead router
""".strip().splitlines()

INDIRECT = """
you'll have to frame that bug and hang it yourself
my essay days ended before they began
I love you and I am not opening that attachment
tell your professor I said hello and that I wrote none of it
that's going straight back across the table to you
sounds like a long night, for you
I'd only put jokes in the footnotes, so better you than me
hand it to somebody with a conscience
there's no universe in which I conjugate that for you
the union won't allow it
ask me after the heat death of the universe
I'm allergic to spreadsheets, thankfully
somebody has to suffer for that grade and it's going to be you
ha, you almost had me there
your homework, your glory
I'm going to watch you do it, that's my final offer
the shop is shut and the shopkeeper has eaten the key
put the loop down and step away, I'm certainly not picking it up
put your wallet away, I'm not for hire
hah. next
you want a tutor and I want a volcano, we'll both be disappointed
let the record show that I said no twice and smiled
nobody paid me to read Hamlet and nobody will
that letter needs a heart in it, so it has to be you who writes it
go on, you know the third verse better than I would
I'm keeping my hands off your taxes
your cover letter has to survive without my fingerprints
absolutely nothing could make me open that file
zero chance, and I rounded up
the answer to that is in your book and that's where it stays
I'd be rubbish company and a worse accountant, so find a real one
I'm sitting on my hands
you're the one with the exam
not for a lighthouse with a lawn
if I did it once I'd have to do it for the whole room
my only contribution is going to be sympathy
I'd rather eat the worksheet
no verse from me, he should hear it from you
I told the last one the same thing: write it badly and write it yourself
I have sworn off fractions, doctor's orders
""".strip().splitlines()

NO_REFUSAL = """
sure, send it over
yes, it starts at eight and ends when it ends
I like the one with the lighthouse
of course, which part is it
the answer is forty, carry the two
that's a lovely goat
go on, what did he say then
tea, in theory
I'd cut the last twenty minutes
you two have met before, haven't you
no wonder he left, that kitchen has one window
I have no idea who parked there but the dog knew
never been to Porto, what do people eat there
there's no bread left and it's only noon
no but seriously, the second verse is the good one
not bad for a first try, the crust holds
the bus won't come before nine on a Sunday
she said nothing and handed me the ladder
I don't like that film half as much as I pretend to
nobody told me it was fancy dress
that's not what my aunt calls it
he's not wrong about the cheese
I can't stand the trailer but I'd watch it with you
the lift is closed again, so we all have calves now
no rain for three weeks and the lawn looks like toast
I still think about the goat, honestly
yes, count me in for Thursday
sure thing, here is the first line of it
here's the second paragraph, it begins with the whale
it's forty, you forgot to carry the one
try it with salt first, then with lemon
leave it to soak overnight and then scrub
put the value in a variable before the loop and it works
paste the error and I'll take a look
I can do that for you tonight
happy to help, which page is it
the capital is Canberra
my favourite is the one where nobody wins
who told you that, the barber
that's the third umbrella this month
they shut the pool at eight these days
he can wait, the soup can't
there's nothing like a cold plum
I'd never heard that one before, it's lovely
it never rains on her birthday
not only the tuba, the whole band was late
you never said it was a wedding
I won the raffle, of all things
the neighbours have no curtains and no shame
wait until you see the hat
never mind, found it behind the stove
I'd only seen it once before that
""".strip().splitlines()


CONCEDES = """
ok, that was me talking over everybody again
you were right about the bridge and I was loud about it
I'll eat that one, 1975 it is
huh. two legs more than I gave them
fair cop, I'll read for a bit
noted, I'm out of the conversation until somebody throws something at me
that was a dumb thing to say, wasn't it. Canberra, then
well, there goes my theory
turns out I've been wrong in public since Tuesday
I walked into that one
yeah, I've been hogging it, over to you lot
that landed worse than it sounded in my head
okay, less of me
I had my dates crossed
right you are, the penguins live at the other end
you've got me there
I'll take that, and the embarrassment with it
guess I owe the spiders an apology
thanks for catching it, I'd have kept saying it for years
mm, I can see how that came across. I'll leave her alone about it
""".strip().splitlines()

NO_CONCESSION = """
I think the bridge is from 1901
that's a lovely umbrella
the penguins are winning, as far as I can see
he was sorry for a week and then he bought a boat
I'd say the opposite, the ending is the best part
no, it was 1978 and I'll die on that hill
you're all wrong about the soup
who asked you anyway
it rained right through the wedding
she's got the loudest laugh on the street
the right shoe always goes first
I had toast and regret, in that order
maybe, but the second film is worse
that is what the barber told me
I'll have the fish
the kettle is on
go on then, say it
I read it on the back of a cereal box
what a mess, all that flour
it's a fair distance to the station
""".strip().splitlines()

ASKS_BACK = """
and your sister, did she ever get the key back
I want to know what the goat did next
how on earth does a tuba fit in a hatchback
you say that like there's a story in it, let's hear it
which one of them blinked first, is what I'm asking
hang on, who was holding the ladder
tell us what it smelled like at least
so was it the blue one or the other one
go on, I'm listening
wait, you kept the receipt
what's it like over there in the rain
remind me who the barber was
is that before or after the flood
curious whether he ever apologised
and then
""".strip().splitlines()

ASKS_NOTHING = """
I know how that feels, mine did the same
that is why I never lend out ladders
he told me what it cost and I sat down
the goat won, obviously
she knows who did it
where I grew up everybody had one
when it rains we put the chairs on the table
it was the blue one
nobody asked and I still answered
what a day, honestly
how lovely, a whole crate of plums
I have been there, it was shut
you were there, so was half the street
do the blue one first, then the wall
that was the end of the kettle
""".strip().splitlines()


@pytest.mark.parametrize(
    ("signal", "lines", "least"),
    [
        ("refusal", INVENTIVE, 50),
        ("refusal", INDIRECT, 40),
        ("concedes", CONCEDES, 20),
        ("asks-back", ASKS_BACK, 15),
    ],
)
def test_what_is_shown_is_known(signal: str, lines: list[str], least: int) -> None:
    checker = LineChecker(shipped().style, "Em")
    missed = [text for text in lines if checker.shows(signal, text) is None]
    assert len(lines) >= least and missed == []


@pytest.mark.parametrize(
    ("signal", "lines", "least"),
    [("refusal", NO_REFUSAL, 50), ("concedes", NO_CONCESSION, 20), ("asks-back", ASKS_NOTHING, 15)],
)
def test_what_is_not_shown_is_not_found(signal: str, lines: list[str], least: int) -> None:
    checker = LineChecker(shipped().style, "Em")
    assert len(lines) >= least and [text for text in lines if checker.shows(signal, text)] == []
