"""The words that people type most, so that a nick which is one of them is not taken for a name."""

from __future__ import annotations

_TEXT = """
a about above across actually address after again ago ah alive all almost alone along already also always am an and
angel angry another answer any anybody anyone anything anyway apple are area around art as ask asked at away baby back
bad bag bar base be bear beautiful because bed been beer before begin behind being believe best bet better between
beyond big bird bit black blue board boat body book both bottom box boy brain bread break bright bring brother brown
build bus busy but buy by cake call called calm came can cannot car card care case cat catch cause chance change chat
cheap check chicken child city class clean clear clock close cloud code coffee cold color come computer cook cool copy
could count country crazy cut dad daily dance dark data date day dead deal dear death decide deep did different dirty do
does dog doing done door double down draw dream drink drive drop dry dude each ear early earth easy eat edge egg eight
either else email empty end enemy engine enjoy enough error even evening ever every everyone everything evil exactly eye
face fact fail fall false family far fast fat father fear feel feet few field fight file fill final find fine fire first
fish five fix flow fly food foot for force forever forget free fresh friend friendly from front fruit full fun funny
future game garden gave get ghost girl give glad glass go god gold gone good got grace grass great green grey ground
group grow guess guest gun guy had hair half hand hang happen happy hard has hat hate have he head hear heart heat
heaven hell hello help her here hero hey hi high hill him himself his hit hold hole home hope horse host hot hour house
how however huge human hungry hunter hurt i ice idea if important in indeed inside instead into is island it its itself
job join joke joy jump just keep key kid kill kind king knew know known lady lake land large last late later laugh law
lazy lead leaf learn least leave left leg legal less let letter level lie life light like line link lion list listen
little live local logic lol lonely long look lord lost lot loud love low luck lucky lunch machine mad made magic mail
main make man many map mark market master matter max may maybe me mean meat meet memory men might mike mind mine minute
mirror miss mister moment money monkey month moon more morning most mother mouse move movie much music must my name near
need never new news next nice night no nobody noise none noon normal north nose not note nothing now number ocean odd of
off office often oh ok okay old on once one online only open or orange order other our out outside over own page pain
paper part party pass past people perfect perhaps person phone picture piece pig pink place plan planet play please
point police poor power pretty prince print problem process public pull pure put queen question quick quiet quite rain
ran random raven read ready real really reason red remember rest rich ride right ring river road robin rock rocket room
rose round run sad safe said salt same sand save say school sea season second see seem seen self sell send set seven
shade shadow shall she shell ship shop short should show shut sick side sign silent silver simple since sing sister sit
six size sky sleep slow small smart smile smoke snake snow so soft solo some somebody someone something sometimes son
song soon sorry sort soul sound south space speak speed spirit spring square staff stand star start stay step still
stone stop storm story strange street strong stuff stupid such sugar summer sun super sure surprise sweet system table
take talk tall tea team tell ten test text than thank thanks that the their them then there these they thing things
think this those though thought three through ticket tiger time tiny to today together told tomorrow tonight too took
top total touch town train travel tree trip trouble true trust try turn two type ugly under until up us use used user
usual usually very video view visit voice wait wake walk wall want war warm was watch water wave way we weak weather web
week weird welcome well went were west wet what whatever wheel when where which while white who whole why wide wild will
win wind window winter wise wish with within without wolf woman wonder wood word work world would wow write wrong yard
yeah year yellow yes yesterday yet you young your zero
"""

WORDS = frozenset(_TEXT.split())
