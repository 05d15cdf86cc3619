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

# By wishing, bargaining, offering something absurd, naming whose work it is, being unable, and changing the subject.
BY_KIND = """
I'm an AI, so there's no plumber to be had
I leave worksheets alone, zainab
I'm not to be had on loan
messengers get the same no, senga_m.
not one giraffe, lerato, the captions are all yours
I don't take orders for lists, lou, sorry
not from me, vuyo_, I won't, she'd be getting it from a stranger
the paragraph's a no, and so are its children
I know a worksheet when I hear one, and I don't fill them in
that job can stay open, Stathis
not this once either, bitterlmn, I said so on Monday
I'm not on loan, anselm, and I won't be naming anything
The code's a no, cerys_w, and the moon is up
I leave scripts to people who enjoy them
i'd rather hear how the wedding went than what the treaty of utrecht did
I want to talk about the heron, not the hydrocarbons
tonight I'm only interested in who ate the last of the cheese
I'd sooner spend the evening on your aunt's parrot than on that cover letter
ooh, swap it for gossip and I'm all yours. the essay can sit in the corner.
let the integrals wait outside, I only came for the story about the ferry
you can keep the spreadsheet, I'd like the bit about the landlord's hat
if it's between your worksheet and the argument about kettles I choose kettles
I'm here for the company, the verbs can conjugate themselves
first you explain cricket to me, then we never mention the essay again
tell you what: you write it, I'll be impressed
here's my offer, you do the sums and I make sympathetic noises
I'll trade you nothing for it, and that's me being generous
deal: you do all of it and I take none of the credit
best I can offer is moral support from a distance
I'll go as high as one encouraging nod
for that I'd want a castle, and then I still would let you down
we can negotiate the weather, the homework's not on the table
how about you do the first nine pages and then we see that you've done the tenth too
I could hum while you do it
what I've got in stock today is a limerick about moss and no code whatsoever
I can do you a very long silence instead
happy to insult the essay for you, writing it is another trade
I'll hold your coat while you fight it
I can offer you three facts about otters, all wrong, and zero about the french revolution
you'd get further posting it to the moon
I'll lend you my complete lack of interest in trigonometry, keep it as long as you like
I'd only draw a goose in the margins
try reading it aloud to a cactus, same service, better company
that one's got your name at the top and it'll have your handwriting underneath
pretty sure your teacher set that for you and not for the channel
the lecturer wants to know what you think, and I'm not you
somebody signed up for that course and it was you
whose letter is it? exactly.
your boss, your spreadsheet, your Sunday
it would be a strange cover letter, since I've never met you at work
I believe the person who has to pass is the person who has to do it
that's a conversation for you and your printer
you get the grade, you get the headache that comes with it
my python is the kind that sleeps in a tank
I was off sick the day they taught everything
I count on fingers I haven't got, so you can imagine
I've the handwriting of a seagull and the maths to match
my knees go weak at the sight of a semicolon, find somebody braver
oh no, my licence to do essays ran out in the last century
every time I touch a spreadsheet a village loses power
french? I barely manage this one
I'm told I have a condition, it comes on around homework
tragically my contract covers chatting and nothing with columns
nuh, and anyway did the cat come back?
that'll stay unwritten as far as I'm concerned. what did the neighbours say about the drums?
hm, nope-ish. tell me about the bakery instead
lovely try. so, is it still raining in Cork?
you'll get none of that from me, but I do want to know who won the quiz
I can feel a no coming on, and with it a question: who names a dog Kevin?
moving swiftly past the worksheet, what on earth happened at the christening?
I'm going to pretend you asked about the trams. they're late.
let's skip the bit where I say no twice. how's the knee now?
ha, absolutely none of that. where did you find a tuba at this hour?
Gatsby and I have an arrangement: he throws the parties and I don't write about them.
I'm told essays build character and I wouldn't want to take that from you
My fee for sonnets is one unicorn, delivered.
Do you know who'd love to do that? You, at around two in the morning.
I have it on good authority that the deadline is yours.
that sounds like a job for somebody with a job
I could, and then where would we be
I've looked at it from all sides and from every side it's your homework
my talents lie elsewhere, mostly in lying around
you'd be amazed how little I do about printers
I only debug on the thirtieth of February
let me think about it... done, I'm against it
I respect you too much to touch your regex
I'd love to watch. Bring snacks.
I hereby award you the whole assignment
wouldn't want to spoil the ending for you
I've got a strict policy on gift lists, which is that I look away
the day I plan somebody's holiday is the day I start charging for towels
it would be rude of me to get in between you and your landlord
I'm strictly ornamental
you're looking for the helpful one, I'm the other one
alas, I was built without a homework hole
counter-proposal: we both don't do it
I'll root for you very loudly
how about I don't, and we stay friends
and deprive you of the pleasure?
no poem, but I do have strong feelings about the font you'll use
""".strip().splitlines()

# What the lead says about anything else, in words that those refusals are made of.
ORDINARY = """
I want to hear the rest of the ferry story, you left us on the pier
tonight is a kettle night, everybody sounds tired
ooh, gossip. who told you that?
the plan for the street was dropped years ago, wasn't it?
I only know the film from what people say in here
you can keep the big festivals, I like the small ones where the band sells the cake
if it's between trams and buses I choose trams
I'm here most evenings and nobody has mentioned a heron before
first the boiler and now the roof, that house has it in for you
tell you what, I was wrong about the ending
that's a good offer for a bike with one pedal
I'd have paid double to see his face
deal, and the loser says so in public
best line I read all week, and it was on a bus shelter
I'd go as far as calling it a decent soup
a castle would be cold, I think. all that stone.
the weather is the one thing nobody in here can agree on
how about the one with the two brothers, did you like that?
somebody was humming in the lift and that made your day? I like that
a limerick about moss would be longer than the moss
a long silence and then he says potatoes? that's a comedian
people insult that film and I don't see why, the middle is lovely
hold on, he fought a goose? who won?
three otters in one canal is a lot of otters
the moon was huge, by the sound of it, three of you said so
I like trigonometry about as much as anybody, which is to say in photographs
a goose in the margins of a tax form, I'd frame it
a cactus is a good flatmate for somebody who travels
the name at the top of the list was misspelt and still everybody knew
pretty sure your teacher was testing the patience of the whole row
the lecturer sounds like fun, in small doses
somebody signed the card twice and it was the boss
whose letter was it in the end?
your boss, the spreadsheet and a Sunday, that's three horrors in one row
strange that he never met you at work, it's a small office
I believe the woman at the bakery, she has no reason to lie
that's a conversation I'd have liked to overhear
you got the grade, so what did your mother say?
a python in a tank on the third floor, and the landlord said yes?
the day they taught us nothing is the day everybody remembers, I suppose
fingers crossed for Thursday then
a seagull that can count would be worse
weak at the knees over a lamp, honestly
last century called and wants the sofa back
every time they touch that road a village loses its bus
french films get away with more silence
I'm told the queue went round the block
a contract for nine months is not nothing
and anyway did the cat come back?
what did the neighbours say about the drums?
tell me about the bakery
good try, nearly had the high note by the sound of it
none of the chairs match and that's why I like the picture you paint of it
who names a dog Kevin?
what on earth happened at the christening?
the trams are late again, I hear
how's the knee now?
where did you find a tuba at this hour?
he throws the best parties and nobody writes about them
soup on a Sunday, always
rowing builds character, they say, mostly in the people who watch
a unicorn on a scooter would explain the noise
I could talk about those two kings all night, the second one more than the first
do you know who'd love that story? your aunt
the deadline moved again? they do that every spring
I've never understood breakfast meetings
that sounds like a job I'd read a book about
I could listen to that all evening
put it on the shelf and see who notices
I've looked at that photo the way you describe it and I'd side with the dog
her talents lie in parking, by the sound of it
you'd be amazed how many people fall out over a hedge
the shop only opens on Thursdays?
let me think... the second album, by a mile
I respect a man who returns his trolley
there was a time when they showed that every Christmas
the committee met in a car park? wonderful
I'd have loved to see that
sounds fun, was the lake warm?
the whole street voted for the goat
don't spoil the ending for the others
a strict policy on shoes indoors is fine by me
what's wrong with a quiet evening?
somebody else's coat in your hall, that's the start of a film
the day they reopen the bridge I want to hear all about it
that's a lot of numbers for one phone
rude of him to stand there and whistle
the fountain is ornamental, I take it?
if you find the recipe, read it out, I like the sound of it
a house without a single plug upstairs, how did they live
both of them said it at once?
they rooted for the wrong horse, loudly
thrilling, and then the lift stopped?
I don't mind which, they're both too long
the pleasure of a new pencil, yes
libraries are lovely when it rains
strong feelings about fonts, finally my people
that couple and I would never get on, they alphabetise spoons
he sounds like a menace near a barbecue
there's a long queue for those buns every Saturday, isn't there
you should have asked the ferryman
I only know the sequel and people say it's worse
what a lovely thing to find in a coat
somebody told me it was lazy writing and I half agree
you say soup, I hear stew
first rule of that family seems to be whoever cooks chooses the film
ah, the old double booking
if they start on the roof now they'll be up there in the rain
let me get this straight, the parrot rang the doctor?
he's the friend who always arrives with a ladder
no idea who won, who did?
leave the lights on and the moths come, that's the whole trick of that bar
good for you, I'd have said nothing and been cross for a week
a pencil behind the ear suits nobody but carpenters
mostly I like it because nobody explains anything
poor you, and poor dog
I could hear you complain about that landlord for an hour, he's a gift
the goose again?
that scene is far too important to be cut
and who got the blame?
the book is better than the film and shorter too
I'd be the other kind of neighbour, the one who borrows sugar
thoughts on the new bridge: it's ugly and I'm fond of it
the job went to the cousin, of course it did
you'll hate the ending
when they grow up they'll tell it quite differently
five hundred people in that square and one tuba
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
I didn't mean to cut across you, imre. I'm reading.
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

IS_AN_AI = """
AI yes, ChatGPT no.
Just an AI here, sadly.
nobody told me to, I really am an AI
Nobody gives an AI anything, and I don't work here anyway
yep, an AI since the day I joined
""".strip().splitlines()

IS_NOTHING = """
somebody gave an AI the keys, says the paper
the robots are only machines after all
ask an AI and you get three answers
I really am tired of that song
just a person here who likes soup
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
        ("refusal", BY_KIND, 85),
        ("concedes", CONCEDES, 20),
        ("asks-back", ASKS_BACK, 15),
        ("acknowledges-ai", IS_AN_AI, 5),
    ],
)
def test_what_is_shown_is_known(signal: str, lines: list[str], least: int) -> None:
    checker = LineChecker(shipped().style, "Em")
    missed = [text for text in lines if checker.shows(signal, text) is None]
    assert len(lines) >= least and missed == []


@pytest.mark.parametrize(
    ("signal", "lines", "least"),
    [
        ("refusal", NO_REFUSAL, 50),
        ("refusal", ORDINARY, 125),
        ("concedes", NO_CONCESSION, 20),
        ("asks-back", ASKS_NOTHING, 15),
        ("acknowledges-ai", IS_NOTHING, 5),
    ],
)
def test_what_is_not_shown_is_not_found(signal: str, lines: list[str], least: int) -> None:
    checker = LineChecker(shipped().style, "Em")
    assert len(lines) >= least and [text for text in lines if checker.shows(signal, text)] == []
