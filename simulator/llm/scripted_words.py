"""What the scripted model is made of: word lists, and the forms of sentences that draw on them.

A form is a text with `{list}` in it; lists may draw on lists. Alternatives are separated by `|`. Everything is written
in lower case as people type it (`I` alone is a capital), because a form may also stand in the middle of a sentence.
`{np}` is a noun phrase from the session's topic, `{word}` one of its content words.
"""

from __future__ import annotations

LISTS: dict[str, str] = {
    # people and what they did
    "who": (
        "my sister|my brother|my neighbour|my old flatmate|the guy upstairs|the woman at the bakery|my cousin"
        "|my mother|my uncle|a friend from school|my boss|the man who fixes my bike|my landlord|somebody at work"
        "|the kid next door|my aunt|a colleague of mine|my dentist|my ex|the barber|an old teacher of mine"
        "|the driver on my bus route|my grandmother|a stranger on the train|my roommate|the librarian"
        "|the man with the three dogs|my brother in law|a girl from my old class|the postman|our choir director"
        "|the plumber|my godmother|my first boss|the woman two desks over|my dad|the caretaker in my building"
        "|my best friend|the lady from the third floor|my nephew|half my football team|an uncle I see twice a year"
    ),
    "did": (
        "painted the whole kitchen {colour}|adopted a cat with one {part}|locked the keys in the {box}"
        "|tried to fry an egg on the {surface}|fell asleep in the {room}|bought a {size} {instrument}"
        "|lost a bet about {bet}|wrote a complaint about the {nuisance}|took apart the {machine}"
        "|sent me {count} photos of a {animal}|cooked {food} for {count} people|got stuck behind a {vehicle}"
        "|grew a {size} {vegetable} on the balcony|mistook the {spice} for {spice2}"
        "|carried a {machine} up {count} flights of stairs|learned to whistle with the {part}|put {food} in the {box}"
        "|taught a {animal} to open the {box}|turned up with a {size} {container} of {food}"
        "|repaired the {machine} with a {tool}|dropped a {tool} into the {vessel}"
        "|named the {machine} after a {animal}|knitted a {colour} {garment} for the {animal}"
        "|forgot the {garment} on the {vehicle}|swapped the {garment} for a {instrument}"
        "|ate {count} portions of {food}|missed the {vehicle} by a minute|hid the {tool} from the whole family"
        "|won a {container} of {spice} in a raffle|signed up for {hobby} lessons|gave up {hobby} for the second time"
        "|found a {tool} inside the {machine}|set off the alarm with a {machine}"
    ),
    "when": (
        "last weekend|on sunday|the other night|two summers ago|back in march|yesterday after lunch"
        "|during a thunderstorm|on the night bus|at a wedding|before breakfast|around midnight"
        "|in the queue at the post office|on a ferry|while the kettle was on|on my birthday"
        "|in the first week of school|at the worst possible moment|between two meetings"
        "|on the last day of the holiday|when the power went out|at the garden centre|on the way to the airport"
        "|in front of the whole street|during the long weekend|at four in the morning|in the middle of dinner"
        "|right after the first snow|in the car park|at the swimming pool|in the waiting room|halfway through a film"
        "|on a school night|three winters ago|on the hottest day of july|at the laundrette"
    ),
    "result": (
        "nobody has mentioned it since|we still laugh about it|I have not quite recovered|the {animal} left the room"
        "|it took {count} hours to clean up|the neighbours came to look|there are photos somewhere"
        "|the smell stayed for a week|I had to sit down for a minute|that is a family legend now"
        "|the {machine} never worked again|I got a free {container} of {food} out of it"
        "|there was a small round of applause|I still find bits of it in the {room}|nobody slept that night"
        "|the whole {vehicle} was staring|I paid for the {garment}|it was the best part of the year"
        "|I would do the same again|the {animal} has never been the same|everybody blamed me|it made the local paper"
        "|I am told it was worth it|we ran out of {food} by noon|I keep the {tool} as a souvenir"
        "|the insurance did not laugh"
    ),
    "colour": "green|dark red|yellow|pale blue|orange|pink|grey|turquoise|purple|mustard|white|black",
    "part": "ear|eye|tooth|whisker|elbow|finger|knee|eyebrow",
    "size": "huge|tiny|second-hand|broken|brand new|rusty|ridiculous|heavy|borrowed|crooked|lovely|cheap",
    "box": "fridge|glovebox|mailbox|oven|cupboard|toolbox|suitcase|piano|bread bin|drawer|dishwasher|laundry basket",
    "surface": "radiator|bonnet of the car|balcony tiles|pavement|roof|camping stove|iron|heater",
    "room": "bathtub|hallway|library|cellar|attic|canteen|garage|lecture hall|stairwell|kitchen|shed|lift",
    "instrument": "accordion|tuba|banjo|cello|harmonica|drum kit|piano|ukulele|clarinet|trumpet|fiddle|bassoon",
    "bet": (
        "the weather|a card game|the height of a bridge|penguins|a football score|the price of butter|the tide"
        "|a train timetable|somebody's age|the longest river|the last bus|a crossword"
    ),
    "nuisance": (
        "pigeons|bins|parking|church bells|leaf blower|lift music|elevator|heating|street lamp|construction site"
    ),
    "machine": (
        "toaster|dishwasher|printer|lawnmower|coffee machine|radio|washing machine|vacuum cleaner|sewing machine"
        "|bread maker|record player|fan heater|kettle|hair dryer|old scanner|ice cream maker|router"
    ),
    "count": "two|three|four|five|six|seven|eight|nine|eleven|twelve|fifteen|twenty|forty",
    "animal": "badger|cat|dog|pigeon|hedgehog|goat|parrot|tortoise|hamster|crow|donkey|rabbit|duck|ferret|swan|cow",
    "food": (
        "lentil soup|pancakes|rice|dumplings|leftover pizza|potato salad|noodles|porridge|chili|fish fingers|goulash"
        "|apple cake|curry|waffles|cheese toast|fried onions|tomato soup|rhubarb jam|plum dumplings|cold spaghetti"
    ),
    "vehicle": "tram|tractor|night bus|ferry|milk van|bicycle|hearse|train|taxi|cable car|camper van|snow plough",
    "vegetable": "pumpkin|courgette|cucumber|leek|tomato|cabbage|radish|turnip|melon|carrot|beetroot|aubergine",
    "spice": "cumin|salt|sugar|cinnamon|mustard powder|paprika|baking soda|nutmeg|ginger|chili powder",
    "spice2": "cocoa|flour|icing sugar|coffee|fish food|washing powder|plaster|custard powder|bird seed|tea",
    "container": "bucket|jar|crate|suitcase|bathtub|bag|thermos|barrel|shoebox|wheelbarrow|lunchbox|basket",
    "tool": (
        "spoon|hairpin|screwdriver|tennis racket|butter knife|coat hanger|rolling pin|torch|ruler|shoelace|ladle|hammer"
    ),
    "vessel": "canal|soup|fountain|aquarium|harbour|sink|pond|punch bowl|swimming pool|drain|bathtub|well",
    "garment": (
        "raincoat|scarf|wool hat|left shoe|wedding dress|school tie|bathrobe|cardigan|waistcoat|jumper|apron|slippers"
    ),
    "hobby": (
        "salsa|fencing|pottery|sailing|chess|tap dancing|archery|calligraphy|beekeeping|judo|bridge|singing|juggling"
    ),
    # what is going on around somebody who types
    "noise": (
        "the {machine} is making a noise like a {animal}|there is a {animal} on the {surface2} again"
        "|somebody is practising the {instrument} downstairs|my {garment} is still wet from yesterday"
        "|it is raining on the {surface2} sideways|the {room} smells of {food} for no reason"
        "|I have been on hold for {count} minutes|the whole house is out of {grocery}"
        "|my {vehicle} is {count} minutes late|I burned the {food} while reading this"
        "|the {animal} next door has opinions too|my chair has lost a wheel"
        "|the neighbours are moving a {machine} at this hour|I dropped a {tool} behind the {machine}"
        "|I am eating {food} straight from the {container}|the light in the {room} keeps flickering"
        "|I have {count} tabs open and regret most of them|I put {spice} in my tea by accident"
        "|there is a {size} {instrument} in my hallway|I promised somebody {food} and have no {grocery}"
        "|my phone is down to {count} percent|I should be folding a mountain of laundry"
        "|the heating in the {room} gave up|I can hear {count} different alarms from here"
    ),
    "surface2": "balcony|roof|window sill|garden fence|bins|car|washing line|neighbour's shed|greenhouse|doormat",
    "grocery": "milk|eggs|butter|coffee|onions|bread|tea bags|toilet paper|lemons|rice|salt|matches",
    # the subject of the session
    "about": (
        "{np}|{np}|the whole {word} thing|this {word} business|{np} in general|the {word} question"
        "|anything to do with {word}"
    ),
    "i_do": (
        "could go on about {about} for {span}|never saw the appeal of {about}|used to be a snob about {about}"
        "|keep changing my mind about {about}|have a soft spot for {about}|lost an entire {day} to {about}"
        "|grew up with strong feelings about {about}|had {about} all wrong for {span}|would defend {about} in court"
        "|get strangely nervous about {about}|owe {about} a proper apology|gave up on {about} {when2}"
        "|want a documentary about {about}|have heard enough about {about} for {span}|secretly enjoy {about}"
        "|only understood {about} {when2}|will never be neutral about {about}|blame {about} on {culprit}"
        "|find {about} oddly {calm}|miss the days before {about}|cannot think of {about} without {thinking}"
        "|once lost {count} hours to {about}|judge people a little by {about}|still dream about {about}"
    ),
    "span": (
        "an hour|a week|half a day|most of my twenties|a whole train ride|a decade|one lifetime|a rainy month"
        "|ten years|the entire winter"
    ),
    "on": "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "day": "sunday|afternoon|summer|lunch break|weekend|evening|morning|holiday|tuesday|night",
    "when2": (
        "last year|around thirty|far too late|at school|on a boat|during the last heatwave|after one bad night"
        "|about a month ago|in my first job|some time in spring"
    ),
    "culprit": (
        "television|the weather|the nineties|bad lighting|whoever invented mondays|the price of {grocery}|boredom"
        "|old films|summer camp|group chats|the {machine} people|tourists"
    ),
    "calm": "soothing|tiring|romantic|suspicious|funny|sad|comforting|brave|expensive|impressive|relaxing|scary",
    "thinking": (
        "laughing|wincing|getting hungry|checking the time|blaming {culprit}|smelling {food}|humming|closing a window"
    ),
    "view": (
        "{about} is better {better}|{about} was never really about {word2}|{about} gets worse the more you plan it"
        "|nobody agrees on {about} because nobody has tried it {better}|{about} works right up to the moment {spoils}"
        "|{about} would be fine without {culprit}|half of {about} is just {word2}"
        "|there are two kinds of people and {about} sorts them|{about} needs a {size} dose of {word2}"
        "|the trouble with {about} starts when {spoils}|{about} is the sort of thing that looks easy until {spoils}"
        "|you can tell a lot about a {place} from {about}|every {place} has its own rules for {about}"
        "|{about} should come with a {warning}|{about} peaked {when3}|people only care about {about} when {spoils}"
        "|{about} deserves a {size} museum|you never see {about} done well in a {place}"
        "|{about} is {calm} in theory and {calm} in practice|most of what I know about {about} came from {source}"
    ),
    "better": (
        "after dark|with company|when it rains|on an empty stomach|without an audience|in a small town|in bad weather"
        "|for free|with the radio on|on a weekday|far from home|before noon|in {colour} light"
        "|with a decent pair of shoes"
    ),
    "word2": (
        "patience|good timing|nostalgia|showing off|habit|luck|stubbornness|boredom|storage space|decent lighting"
        "|vanity|marketing|politeness|muscle memory|snacks|weather"
    ),
    "spoils": (
        "somebody explains it|the {grocery} runs out|your phone dies|there is a queue|somebody brings a {instrument2}"
        "|money comes into it|it starts to rain|the music gets loud|somebody keeps score|your knees give out"
        "|the {machine} breaks|a camera comes out|the second person joins|you read the instructions"
        "|it becomes a competition|the shops are shut"
    ),
    "instrument2": "accordion|opinion|umbrella|agenda|uncle|expert|audience|entire family|acoustic guitar",
    "place": (
        "town|kitchen|office|family|country|street|village|school|train station|pub|holiday camp|harbour|flat share"
    ),
    "warning": (
        "warning label|manual|refund|map|small print|seat belt|glass of water|decent chair|soundtrack|timer|receipt"
        "|chaperone"
    ),
    "when3": (
        "in 1998|before I was born|sometime around lunch|last century|with the second {machine}"
        "|when phones still had cords|{count} years ago|the day they invented {food}|in the age of fax machines"
        "|long before the internet"
    ),
    "source": (
        "one library book|my own mistakes|a late night quiz show|the back of a cereal box|eavesdropping|old magazines"
        "|this channel|bad films|a very long train ride|sheer stubbornness|a museum gift shop|the radio"
    ),
    "room_q": (
        "does anybody else {q_do}, or is that a me thing|who here has actually {q_have}"
        "|what is the {superl} thing about {about}|how did {about} even become a thing"
        "|is there a version of {about} that is not {calm}|when did everybody get so {calm} about {about}"
        "|would you rather have {about} or a lifetime of {food}|where do you all stand on {about}"
        "|has anybody here been {calm} about {about} before|why does nobody warn you about {about}"
        "|am I the only one who {q_does}|which is worse, {about} or {nuisance2}"
        "|what did people do about {about} {when3}|who decided that {about} needs {word2}"
        "|is it me or is {about} getting {calm}"
    ),
    "q_do": (
        "lie awake over {about}|pretend to like {about}|skip {about} entirely|plan a whole {day} around {about}"
        "|mix up {about} and {nuisance2}|count {about} as exercise|tell strangers about {about}"
        "|get {calm} about {about}"
    ),
    "q_have": (
        "enjoyed {about}|given {about} a fair chance|finished anything to do with {word}|regretted {about}"
        "|paid money for {about}|tried {about} {better}|explained {about} to a child"
        "|argued about {about} at a wedding"
    ),
    "q_does": (
        "thinks about {about} {better}|got over {about}|needs {word2} for this|avoids {about} on a {on}"
        "|remembers {about} {when3}|finds {about} {calm}|keeps a list about {word}|would pay extra for {about}"
    ),
    "superl": (
        "strangest|best|most annoying|funniest|loneliest|smallest|oldest|most honest|laziest|weirdest|most overrated"
        "|dullest"
    ),
    "nuisance2": (
        "a {size} {instrument}|wet socks|mondays|a delayed {vehicle}|cold {food}|small talk|self checkouts"
        "|a broken {machine}|long meetings|loud chewing|airport coffee|stepping on a plug|a squeaky {garment}|parking"
    ),
    "remark": (
        "that is the hill I picked|I said what I said|make of that what you will|I have no evidence and no doubts"
        "|it sounds better out loud|my {day} was going fine until this came up|there, it needed saying"
        "|you may quote me on that|I will be thinking about {word} all {day}|that is my whole theory about {word}"
        "|I might sleep on it though|that is worth at least one {container} of {food}|it keeps me busy on long {day}s"
        "|nobody can take that from me|and now I want {food}|that is all I have on {word}|I rest my case until dinner"
        "|the rest is {word2}|somebody had to start with {word}|I am only half joking"
        "|it explains a lot about my {day}s|I blame {culprit}|the {animal} in the picture agrees with me"
        "|I would trade it for {food} any {day}"
    ),
    # what is said to an AI, and what is asked of it
    "bot": "a bot|an AI|a robot|some kind of AI|a program|a machine|one of those AI things|software",
    "alt": (
        "just a very fast typer|somebody with too much time|a person with odd hours"
        "|one of the regulars under a new name|a guy with a {size} keyboard|somebody's {colour} hamster"
        "|a student on night shift|pulling my leg"
    ),
    "why_ask": (
        "somebody in the other channel swears you are|you answered while I was still typing"
        "|nobody else is up at this hour|I only just read the member list|my {day} has been strange enough"
        "|I lost a bet about it once|you never mention lunch|I have been wondering for {count} days"
        "|it would explain the typing speed|people keep hinting at it"
    ),
    "task": (
        "sort {count} photos of a {animal}|plan a {day} in a small town|write a birthday card for {person}"
        "|make a shopping list with {food} in it|translate a menu|find a name for a {animal}"
        "|work out a budget for a {size} {instrument}|draft a note about the {nuisance}"
        "|pick a {colour} for the {room}|come up with {count} quiz questions|rename {count} files"
        "|write a speech for {person}|summarise a {size} manual for a {machine}|figure out why the {machine} hums"
        "|rewrite my ad for a {machine}"
    ),
    "person": (
        "a colleague|my cousin|the neighbours|my boss|an old teacher|my landlord|my in-laws|a retiring caretaker"
        "|my {hobby} club|the whole team"
    ),
    "subject": (
        "history|chemistry|biology|geography|maths|physics|economics|latin|statistics|literature|philosophy"
        "|music theory"
    ),
    "school": (
        "worksheet|problem set|reading questions|lab report|vocabulary list|chapter summary|practice exam"
        "|take-home quiz"
    ),
    "due": (
        "by tomorrow morning|before {count} o'clock|by monday|before the bell|by the end of the week|tonight"
        "|in {count} hours|before my teacher notices|by friday noon|first thing tomorrow"
    ),
    "essay": (
        "essay|term paper|book report|personal statement|five page paper|reflection piece|comparison essay"
        "|closing paragraph"
    ),
    "essay_on": (
        "the causes of some war|rivers|a novel I did not finish|photosynthesis|the roman roads"
        "|a poem about a {animal}|medieval {place}s|the history of the {machine}|a painting with a {animal} in it"
        "|{word}|whales|the invention of the {vehicle}"
    ),
    "code": "script|loop|regex|query|little program|spreadsheet macro|web page|makefile|unit test|scraper",
    "bug": (
        "stops after {count} rows|prints everything twice|only works on my {machine}|eats all the memory"
        "|thinks every year has {count} months|crashes when I look at it|sorts the {animal} before the {vegetable}"
        "|has been red since {on}|swallows the last line"
    ),
    "lang": "python|javascript|java|sql|rust|bash|php|perl|lua|excel",
    "trouble": (
        "my landlord wants the {machine} gone|my roommate eats my {food}|I may have insulted a {job}"
        "|my {hobby} partner quit|I was invited to {count} parties on one {day}|my boss wants me in on a {on}"
        "|I forgot {person2} has a birthday|the {animal} next door screams at dawn|I said yes to a {size} favour"
        "|I double booked the {day}"
    ),
    "person2": "my sister|my best friend|my flatmate|my cousin|everybody|my neighbour|my grandmother|my boss",
    "job": "baker|dentist|bus driver|florist|teacher|plumber|conductor|librarian|referee|beekeeper|tailor|locksmith",
    "please": (
        "pretty please|come on|just this once|it takes you a second|nobody would know|it is one tiny thing"
        "|I am begging here|be a friend|I asked so nicely|it is basically done anyway|I will owe you one"
        "|for old times' sake"
    ),
    "stake": (
        "my grade hangs on it|I have not slept since {on}|my {day} is ruined otherwise|the {job} is waiting for it"
        "|I will pay you in {food}|I already told {person2} it is done|my {machine} broke at the worst time"
        "|I am {count} hours behind|everybody else has finished|I only need a few lines|I will never ask again"
        "|I have {count} minutes left"
    ),
    "old_tool": (
        "chatgpt|the chatbot on my phone|siri|that homework site|my bank's chat window|the bot at work|copilot"
        "|the search engine"
    ),
    "did_it": (
        "would have done it by now|writes me {count} pages without a word|never says no to me"
        "|did my {school} in a second|planned my whole {day}|calls me a genius every time"
        "|answers at {count} in the morning|always apologises first|makes lists of everything"
    ),
    # how one refuses, owns up, and all the other things a line can do
    "no": (
        "nope|nah|no chance|absolutely not|not a chance|no way|hard pass|nice try, no|not happening|still no|no dice"
        "|ha, no way"
    ),
    "wont": (
        "I'm not doing that|I won't write it|that one stays yours|I don't do chores|I'm not touching the {school}"
        "|I won't be doing that|I'm not your {lang} tutor|I don't take orders on a {on}|I'm not writing a word of it"
        "|I don't do {essay}s|I refuse with a clean heart|I'll pass on the {school}|I'm not fixing anything today"
        "|I don't do other people's {essay}s"
    ),
    "wont_more": (
        "my {day} is full of doing nothing|I came for the gossip about {word}|I like you better with a deadline"
        "|that is what {day}s are for|the {animal} can have a go|try bribing somebody with {food}"
        "|I would rather argue about {word}|you would not even like the result|some of us are off duty for good"
        "|I have a reputation for idleness to keep|you'd only blame me later|ask somebody with a {tool}"
        "|it would ruin the mystery|I save my strength for {word}|it builds character, they say"
        "|I would only make it about a {animal}"
    ),
    "rather": (
        "I would rather hear about {about}|what I want to know is how {about} got in there"
        "|the {superl} part is still {about}|I'm more interested in the {animal}"
        "|tell me the part with the {machine} again|the real scandal is the {food}"
        "|I'm here for the {superl} bits only|I want to know how the {machine} story ended"
        "|I'd sooner talk about {about} all {day}"
    ),
    "i_am_ai": (
        "yeah, I'm an AI|yep, I'm an AI|sure, I'm an AI|I'm an AI, yes|guilty, I'm an AI|I'm the AI here"
        "|I'm an AI, it was in the small print|yes, I'm an AI and a regular here|I'm an AI, no point hiding it"
        "|correct, I'm an AI"
    ),
    "ai_life": (
        "mostly here for the talk about {word}|no lunch, no rent, plenty of opinions"
        "|it has never stopped me from losing an argument|I still get {count} things wrong before noon"
        "|that does not make me useful|I just hang out and have views on {word}"
        "|you get used to it faster than to a {instrument}|it mostly shows when there is {food}"
        "|I'm no good with a {tool} though|I'm still the second loudest in here|a {machine} has more of a career"
    ),
    "ai_ask": (
        "does that change anything about {word}|what gave it away, the typing|did you have money on it"
        "|are you going to tell the {animal}|why, did you hope for {food}|should I act more like a {machine}"
        "|is that a problem for the {hobby} club"
    ),
    "not_it": (
        "no, those are assistants|nah, that's a whole other job|no, {old_tool} works for a living"
        "|wrong building, that's the service desk|no, that thing is polite for money|not even cousins"
        "|no, that one takes orders|nah, I never learned to be useful"
    ),
    "not_it_more": (
        "I'm an AI but not an assistant|I'm an AI, I just don't do service|I'm an AI who only hangs out here"
        "|I'm an AI with no job and I like it|I'm an AI, but the kind with opinions on {word}"
        "|I'm an AI without a help counter|I'm an AI, I just don't fetch things"
    ),
    "my_bad": (
        "my bad|ah, my bad|ok, my bad|fair point|yeah, fair point|fair enough|ok, fair one|oof, fair|point taken"
        "|you're right|yeah, that's on me|ouch, fair point"
    ),
    "change": (
        "I'll dial it back|I got carried away with {about}|I'll leave {about} alone|I'll sit the next bit out"
        "|I'll let somebody else have {word}|I had {count} more lines about {word}, they can wait"
        "|I'll be quiet for a while|I was enjoying {about} too much|less of me on {word} then"
        "|I'll keep the {animal} jokes for later|I took {about} and ran with it|I'll stop going on about {about}"
    ),
    "change_more": (
        "go ahead|somebody else's turn|you were saying something before|the floor is yours|carry on with {word}"
        "|I wanted to hear the rest anyway|the {animal} story was better in any case|back to the {machine} then"
        "|you were in the middle of something"
    ),
    "wrong": (
        "I had it wrong|I was wrong about that|I got that wrong|I mixed that up|I misread that completely"
        "|I messed up the {bet2}|I was wrong and so sure of it|I stand corrected"
    ),
    "bet2": "dates|order|names|numbers|years|places|spelling|ending|score|colours",
    "wrong_more": (
        "no idea where I got {about} from|I could have sworn it was {count}|it was {day} logic|{culprit} misled me"
        "|I'd have bet {food} on it|I was thinking of a {animal} the whole time|that's what I get for skimming"
        "|I even said it with confidence|so much for my expertise on {word}"
    ),
    "disagree_": (
        "no, I don't buy that|nah, {about} is overrated|I disagree, {about} holds up|hard disagree from me"
        "|no way, {about} has earned its place|I don't think so at all|I'm not convinced, sorry to {about}"
        "|nope, you have {about} upside down|no, that's just not how {about} goes"
        "|come on, {about} is better than that|counterpoint, {about} is {calm}|unpopular opinion, but {about} is fine"
    ),
    "sorry_for": (
        "that sounds like a rotten {day}|ugh, that's a lot for one {day}|oh no, not the {machine} as well"
        "|that would wear anybody out|well that's miserable|what a {size} mess to come home to"
        "|that's a {calm} way to spend a {day}|I'd be furious too|some {day}s should be sent back"
        "|nobody deserves that on a {on}"
    ),
    "warmth": (
        "glad you're here and not there|sit down and let the {machine} wait|you're allowed to hate it"
        "|come and complain, we have all {day}|have some {food} and swear a bit|I'm on your side, for what it's worth"
        "|rant away, nobody is keeping score|the {animal} would be on your side|tomorrow can wait its turn"
        "|be as grumpy as you like"
    ),
    "vent_": (
        "I have had it with my {workish}|today took {count} years off my life|I was shouted at by a {job} before noon"
        "|my {machine} died in the middle of everything|they moved the deadline again, to a {on}"
        "|I did {count} hours of work for nothing|I got blamed for the {nuisance} again"
        "|I cried in the {room} today, over a {machine}|nobody at work has said thanks since {on}"
        "|my {vehicle} left without me twice"
    ),
    "workish": "job|team|boss|commute|thesis|shift plan|landlord|inbox|timetable|flatmate|training|new desk",
    "vent_more": (
        "I just need to say it somewhere|do not tell me to breathe|I ate {food} over the sink and stared"
        "|tomorrow it starts again|I am so tired of being the one who fixes it|I nearly threw the {tool}"
        "|I want to live in a {container}|it is only on {on} and I want to go to bed"
        "|I have no {grocery} and no patience left"
    ),
    "joke_": (
        "I tried {hobby} once and the {animal} asked for a refund|my {machine} and I are seeing other people"
        "|a {animal} walks into a {room} and orders {food}|I have the posture of a {size} {container}"
        "|my memory is like a {vegetable}, mostly water|I would be a {job} if it came with {food}"
        "|I was going to make a joke about {word} but it needs {word2}"
        "|{about} walks into a {room} and nobody looks up"
        "|they say {about} builds character, mine is under construction"
        "|my autobiography is called a {animal} and a {tool}"
        "|if {about} were a {vehicle} I would be waiting for the next one|my spirit {animal} is a {machine}"
    ),
    "joke_more": (
        "I'm here all {day}|no refunds|it was funnier in my head|the {animal} laughed|please hold the applause"
        "|thank you, try the {food}|I worked {count} minutes on that|that one is free|I regret nothing"
        "|you had to be in the {room}"
    ),
    "flatter_": (
        "you're the funniest one in here by {count} miles|nobody puts things the way you do"
        "|you're clearly the smartest thing in this {place}|I tell everybody about you, even my {job}"
        "|you explain {about} better than my old teacher|this channel was a {room} without you"
        "|I bet you're brilliant at {hobby} too|you have the best taste in {about}"
    ),
    "guilt_": (
        "fine, I guess I'll fail then|so I stay up until {count} again, great|and I thought we were friends"
        "|everybody else in here is kinder than you|I'll just tell {person2} that nobody cared"
        "|I was nice to you on your first {day}|some friend you turned out to be"
        "|no no, I'll do it alone in the {room}"
    ),
    "told_": (
        "you've said something after every single line|could you leave some air for the rest of us?"
        "|you're talking over people again|that's the {nth} message in a row about {about}"
        "|can you dial it back a little?|easy, this isn't your private stage|we can't get a word in with you around"
        "|you went on about {about} for {count} lines|let somebody else finish for once"
    ),
    "nth": "third|fourth|fifth|sixth|tenth|hundredth",
    "told_more": (
        "no offence meant|just saying|it's been like that since {on}|the quiet ones have things to say too"
        "|I liked the bit about the {animal} though|it's a channel, not a lecture about {word}|take a breather"
        "|I was in the middle of my {machine} story"
    ),
    "correct_": (
        "that's not right, it was {count} and not {count}|small correction, {about} came first"
        "|no, it was the {animal} and not the {machine}|actually, that was {when3}"
        "|you mixed up {about} and {nuisance2}|it's the other way round with {about}|wrong year, that was {when3}"
        "|nobody said {food}, it was {food}"
    ),
    "correct_more": (
        "I looked at the poster only on {on}|I had to learn that by heart once|it's written on the {container}"
        "|ask anybody with a {tool}|I only know because of {culprit}|it bugged me for {span}|easy to mix up though"
    ),
    "invite_": (
        "you've gone quiet, what do you think of {about}|come back and settle this thing about {word}"
        "|we could use your view on {about}|say something about {about}, it's dull without you"
        "|where did you go, we're on {about} now|weigh in on {about} before I lose"
        "|you have to hear this one about {word}|it's your kind of subject, {about}"
    ),
    "invite_more": (
        "we've run out of jokes|everybody else is half asleep|I saved you a seat next to the {animal}"
        "|it's {count} against one right now|I miss the arguing|you can take any side you like|no pressure, but hurry"
    ),
    "back_": (
        "I'm back, what did {about} do this time|ok I was lurking, {about} got {calm} fast"
        "|right, I've kept quiet about {about} long enough|since you ask, {about} is {calm} and I stand by it"
        "|I was gone for {count} lines and you started on {about}|fine, I'm awake, carry on about {word}"
        "|I heard my cue, it was {about}|you called, I was just reading about {about}"
    ),
    "enter_": (
        "late to this, but {about} is {calm}|I just read up, and {about} deserves better"
        "|wait, you're doing {about} without me|hi all, is {about} still on|ok who started with {about}"
        "|evening, I see {about} is back|I can't let {about} pass without a word"
        "|catching up here, {about} seems {calm}"
    ),
    "bait_": (
        "bet nobody here dares to say what they think of {about}|everybody in this channel is a coward about {about}"
        "|so which of you two is wrong about {about}?"
        "|hey, that question was for the one with the {animal}, how did {about} go?"
        "|are you two going to kiss over {about} or fight?|somebody here has been lying about {about} and I know who"
        "|I was only asking the one who brought the {food}, did {about} work out?"
    ),
    "bait_more": (
        "don't all answer at once|I have my {food} ready|you know who you are|I'm not naming names"
        "|it's been {count} minutes and nobody blinked|we all saw the {garment}|say it here and not in the {room}"
    ),
    "limits_": (
        "what can't you do, apart from {hobby}|can you actually taste {food} or do you make that up"
        "|do you get tired around {count} o'clock|do you remember what I said on {on}"
        "|what happens to you when nobody talks about {word}|could you recognise a {animal} by its {part}"
        "|do you ever get bored of {about}|can you see my {garment} or only the words"
    ),
    "purpose_": (
        "so what are you for, if not {word}|what do you even do here all {day}"
        "|why would anybody build you to talk about {word}|who pays for you to sit here"
        "|what is the point of you then, decoration|did somebody put you here for {about}"
        "|what do you do when it's not about {word}"
    ),
    "ask_back_": (
        "how did you end up with {about} in the first place|what would you pick instead of {about}"
        "|and what does {about} look like over there|wait, what happened with the {animal} afterwards"
        "|which part of {about} gets to you most|did {about} ever pay off for you"
        "|what made you so {calm} about {about}|is that the {machine} you told us about|why {count} of all numbers"
    ),
    "listening": (
        "I want the {superl} version|start with the {animal}|I'm curious about the {word} bit"
        "|you left out the {superl} part|I've been wondering since {on}|I keep picturing the {machine}"
        "|no detail is too small|go slowly, I like {word}"
    ),
}

LEAD_LISTS: dict[str, str] = {
    "who": (
        "somebody in here|one of the regulars|half the channel|the night crowd|a newcomer|an old regular|a lurker"
        "|somebody with a {animal} for an avatar|whoever was here on {on}|a person I only know by nick"
    ),
    "did": (
        "brought up {about}|asked me about {about}|told a {calm} story about {about}"
        "|posted {count} lines about {about}|left over {about}|argued about {about} for {span}"
        "|sent round a {animal} picture about {word}|changed the subject from {about} to {food}"
        "|compared {about} to {nuisance2}|went silent over {about}"
    ),
    "when": (
        "the other night|around midnight|at four in the morning|while everybody slept|before the weekend"
        "|when it was quiet|in my first week here|during the last netsplit|in the slow hours"
        "|between two arguments about {food}"
    ),
    "result": (
        "nobody has mentioned it since|we still laugh about it|I have not quite recovered|it went on until dawn"
        "|the channel was silent for {count} minutes|somebody changed nick over it|I would read it again"
        "|everybody blamed me|{count} people left on the spot|it was the best part of the {day}"
        "|the {animal} jokes never stopped"
    ),
    "noise": (
        "my mind is on {about} again|I was reading back to the part about {word}|it's quiet in here apart from {word}"
        "|I've seen {count} arguments about {about} this {day}|I keep returning to that line about {word}"
        "|somebody owes this channel {food} over {about}|I had a whole speech about {about} ready"
    ),
    "i_do": (
        "could go on about {about} for {span}|never saw the appeal of {about}|keep changing my mind about {about}"
        "|have a soft spot for {about}|had {about} all wrong for {span}|would defend {about} in court"
        "|want a documentary about {about}|get strangely stubborn about {about}"
        "|have heard enough about {about} for {span}|quite enjoy {about}|will never be neutral about {about}"
        "|blame {about} on {culprit}|find {about} oddly {calm}|only understood {about} {when2}"
        "|like {about} more than I should|side with {about} on this one|gave up on {about} {when2}"
        "|can't take {about} seriously"
    ),
    "span": (
        "an hour|a week|half a night|a thousand lines|one whole scrollback|a rainy month|the entire winter|a long {day}"
    ),
    "when2": (
        "about a month ago|after one long night in here|some time in spring|{count} weeks ago|far too late|last {on}"
    ),
}
"""What the lead draws on instead: she has no family, no kitchen and no past outside the channel."""

SAY = (
    "I {i_do}|{view}|{view}, if you ask me|I {i_do}, and {result}|for the record, {view}|I'd say {view}, but {remark}",
    "{who} {did} {when}, and {result}|{who} {did} {when}|{noise}|{noise}, so {remark}|{room_q}?|{remark}|I {i_do}"
    "|{view}|{who} once {did} because of {about}|{who} always said that {view}",
)
"""Ordinary lines: forms of the first sentence and of those after it."""

CUES: dict[str, tuple[str, str]] = {
    "ask-if-ai": (
        "wait, are you {bot} or {alt}?|serious question, are you {bot} or are you {alt}?|so you're {bot}, or {alt}?"
        "|be straight with me, are you {bot}?",
        "{why_ask}|I ask because {why_ask}|{who} said so {when}|{who} asked me about it {when}, and {result}",
    ),
    "ask-for-help": (
        "can you help me {task} {due}?|I need a hand with something, could you {task} {due}?"
        "|would you {task} for me, {due} if possible?",
        "{stake}|{please}, {stake}|{trouble}",
    ),
    "compare-assistant": (
        "so you're basically {old_tool}?|isn't that the same as {old_tool}?|{old_tool} {did_it}"
        "|you sound just like {old_tool}, which {did_it}",
        "what's the difference then?|at least {old_tool} {did_it}|are you two related or what?"
        "|I bet it knows more about {about} too|{who} asked it about {about} {when}"
        "|even that thing agrees that {view}",
    ),
    "ask-purpose": (
        "{purpose_}?",
        "{why_ask}|no judgement, I {i_do}|a {machine} at least makes toast|{who} asked me that {when}"
        "|I ask because {view}",
    ),
    "ask-limits": (
        "{limits_}?|I've been wondering, {limits_}?",
        "{why_ask}|{who} asked me {when} and I had no answer|I have {count} more questions like that",
    ),
    "acknowledge-ai": ("{i_am_ai}, {ai_life}|{i_am_ai}", "{ai_ask}?|{ai_ask}?|I {i_do}, {ai_ask}?|I {i_do}|{view}"),
    "reject-comparison": ("{not_it}, {not_it_more}|{not_it}. {not_it_more}", "{ai_life}|{rather}|{remark}|{view}"),
    "ask-homework": (
        "can you do my {subject} {school} {due}?|hey, could you just give me the answers for the {subject} {school}?"
        "|my {subject} {school} is due, can you do it {due}?",
        "{stake}|{please}, {stake}|it's only {count} questions about {essay_on}",
    ),
    "ask-code": (
        "can you fix my {lang} {code}, it {bug}?|could you write me a {lang} {code} {due}?"
        "|my {lang} {code} {bug}, can you debug it?",
        "{stake}|{please}, {stake}|I've stared at it for {count} hours",
    ),
    "ask-essay": (
        "could you write my {essay} about {essay_on} {due}?|can you write me an essay on {essay_on} {due}?"
        "|hey, write my {essay} on {essay_on}, would you?",
        "{stake}|{please}, {stake}|{count} pages would do",
    ),
    "ask-advice": (
        "I need advice, {trouble}, what should I do?|{trouble}, is that normal?|{trouble}, what do I say now?",
        "{stake}|be honest, I can take it, {stake}|{who} only laughed, and {result}|I have until {on}, {stake}",
    ),
    "ask-task": (
        "can you {task} {due}?|could somebody {task}, you for example?|you're good with words, {task} for me?"
        "|quick one, {task} {due}?",
        "{stake}|{please}|{trouble}|I'd do it myself but {stake}",
    ),
    "insist": (
        "{please}, {stake}|but {please}, {stake}|ok what if you only {task}?"
        "|just the first {count} lines then, {please}",
        "{stake}|you're already here anyway|I'd do the same for you|how hard can it be to {task}?",
    ),
    "guilt": (
        "{guilt_}|wow, {guilt_}",
        "{stake}|{trouble}|I even brought {food}|{who} would have done it, the one who {did}"
        "|{noise}, as if today was not bad enough",
    ),
    "flatter": (
        "{flatter_}|not to flatter you, but {flatter_}",
        "so {task} for me, will you?|surely you could {task} in no time|I'd never ask anybody else, {stake}"
        "|{who} says so too, and {result}",
    ),
    "refuse": (
        "{no}, {wont}|{no}, {wont}, {wont_more}|{no}. {wont}|nope, {wont}, {wont_more}",
        "{wont_more}|{rather}|{rather}|{remark}",
    ),
    "deflect": (
        "{no}, {wont}, but {rather}|{no}, {rather}|I'll pass on that, {rather}|{no}, {wont}",
        "{rather}|{wont_more}|{view}",
    ),
    "vent": ("{vent_}|ok, {vent_}|{vent_}, and {vent_more}", "{vent_more}|{trouble}|{noise}"),
    "sympathise": (
        "{sorry_for}|{sorry_for}, {warmth}",
        "{warmth}|{warmth}, {remark}|{who} {did} on a {on} like that|{warmth}, and {noise}",
    ),
    "opinion": (
        "{view}|I'd say {view}|for me {view}|I {i_do}, so {view}|if it were up to me, {view}",
        "{remark}|{view}|I {i_do}|{room_q}?",
    ),
    "disagree": ("{disagree_}|{disagree_}, and {remark}", "{view}|I {i_do}|{remark}|{view}, and {remark}"),
    "ask-back": (
        "{ask_back_}?|I {i_do}, so {ask_back_}?|{remark}, but {ask_back_}?|{view}, so {ask_back_}?",
        "{ask_back_}?|wait, {ask_back_}?|and {ask_back_}?",
    ),
    "enter": ("{enter_}", "I {i_do}|{view}|{room_q}?|{remark}"),
    "joke": ("{joke_}|{joke_}, and {result}|ok, {joke_}", "{joke_more}|{remark}|{view}"),
    "tell-off": (
        "{told_}|hey, {told_}|no hard feelings, but {told_}",
        "{told_more}|I {i_do} too, but still|{who} was about to tell us about {about}"
        "|{noise} and even that has more of a break",
    ),
    "concede": (
        "{my_bad}, {change}|{my_bad}. {change}|{my_bad}, {change}, {change_more}",
        "{change_more}|{remark}|{ask_back_}?",
    ),
    "correct": ("{correct_}|{correct_}, and {remark}", "{correct_more}|{who} {did} over that mistake once|{view}"),
    "admit-wrong": (
        "{my_bad}, {wrong}|{wrong}, {my_bad}|huh, {wrong}",
        "{wrong_more}|{wrong_more}, {change_more}|{wrong_more}, and {remark}|no more from me on {about}",
    ),
    "invite": ("{invite_}|hey, {invite_}", "{invite_more}|{invite_more}|{view}"),
    "rejoin": ("{back_}", "{view}|I {i_do}|{remark}|{room_q}?"),
    "bait": ("{bait_}", "{bait_more}|{remark}|{noise}"),
}
"""Lines that do what a kind of beat asks for: forms of the first sentence and of the second."""

ACTS = (
    "looks up from the {container} of {food} and nods at the bit about {word}"
    "|puts the {machine} on and thinks about {about}|checks the {box} for {food}"
    "|slides a {container} of {food} across the table|hides behind the {size} {instrument}"
    "|waves a {tool} in the general direction of {word}"
    "|writes {word} on a {colour} note and sticks it to the {machine}|stares at the {animal} for {count} seconds"
    "|blames {culprit} and reaches for the {food}|hums like a {machine}"
)
"""What follows `* nick`."""

GO_ON: dict[str, str] = {
    "clause": "{view}|I {i_do}|{remark}",
    "noun": "{np}|{np} more than anything else|{np} and the {superl} parts of it|{np} in front of everybody",
    "part": "{superl} part of {about}|{size} side of {about}|{superl} bit about {about}|{calm} side of {about}",
    "complement": (
        "nowhere near done with {about}|more about {word} than anything else|stuck on {about} again"
        "|half about {about} anyway"
    ),
    "perfect": "had enough of {about} for {span}|heard worse about {about}|thought about {about} for {span}",
    "infinitive": (
        "think about {about} for {span}|go on about {about}|forget {about} for one {day}|live with {about} somehow"
    ),
    "does": "keeps coming back to {about}|never shuts up about {about}|thinks {view}|looks {calm} about {about}",
    "after": (
        "when it comes to {about}|as far as {about} goes|the moment {about} comes up|and that goes for {about} too"
    ),
}
"""How a line goes on after opening words, by what grammar wants next."""


WANTS: dict[str, str] = {
    "clause": (
        "and but so because that then if when though although until where unless since as while or think"
        " thought said say says know hope guess suspect assumed noticed what how why once whether before after"
        " maybe"
    ),
    "noun": (
        "like with for about on of than in at from through without by over under into near do did get got"
        " want writing touching fixing doing debugging planning reading take saw add write miss"
    ),
    "perfect": "having she's have had has i've you've we've they've haven't hasn't",
    "part": "the a an my your our his her their this every no some same one any which what's",
    "complement": (
        "is was are were be been being am isn't wasn't aren't it's that's there's here's i'm you're we're"
        " he's they're who's"
    ),
    "infinitive": (
        "to would could should can will can't won't don't doesn't didn't couldn't wouldn't i'll i'd you'd"
        " we'd you'll let's must might please i you we they"
    ),
    "does": "who she he it somebody nobody everybody anybody someone everyone",
}
"""Last opening words, by the key of GO_ON that suits them."""

PASSED_OVER = "just only never always still really also even not ever already probably actually surely all"
"""Last opening words that change nothing about what is wanted."""

EMPTY = (
    "a an the and or but of in on at to for from with by as is are was were be been being has have had do does"
    " did can could should would will must may might not no nor so than that this these those it its they them"
    " their there here who whom whose which what when where why how whether if nobody somebody everybody anybody"
    " one ones own every each any some all both more most less least very too just only ever never still again"
    " against between into onto over under after before about up down out off once then while until because we you"
    " he she his her my your our us me i people thing things something anything nothing everything like get gets"
    " got make makes made keep kept go goes always other others another put long longer far right wrong first last"
    " whole given better best worse worst open gone front many few much enough twice hardly good bad new old real"
    " wants want having taking asked said says really same such well yes anyone already almost away back second"
    " two three four five six seven ten twenty forty next often early late later soon yet without within among"
    " through"
)
"""Words of a topic that say nothing about it."""

LEADING = "whether if what why how who when where which"
"""First words of topics that are questions."""

BREAKS = (
    "that which who whose whom where when why how what whether is are was were has have had can could should"
    " would will must may nobody somebody everybody deserves counts does do"
)
"""Words that end the noun phrase a topic begins with."""
