"""Words of languages other than English that most sentences have, and that prove nothing where they match."""

from collections.abc import Mapping

from retrieval.lanes.terms import terms

_WORDS: Mapping[str, str] = {
    "danish": (
        "af alle at da de dem den der det dig du efter eller en er et for fra ham han har hun hvad hvor i ikke jeg "
        "kan med men mig mod når og om op os over på sig sin skal som så til ud under ved vi vil være"
    ),
    "dutch": (
        "aan als bij dan dat de deze die dit door een en er haar had heb hebben heeft het hij hoe hun ik in is je "
        "kan maar me met mijn naar niet nog nu of om ons ook op over te tot uit van veel voor waar was wat we wel "
        "wij wordt ze zich zij zijn zo"
    ),
    "french": (
        "à au aux avec c ce ces cet cette comme d dans de des du elle elles en est et était eux il ils j je l la le "
        "les leur leurs lui m ma mais me même mes moi mon n ne nos notre nous on ont ou où par pas plus pour qu que "
        "qui s sa sans se ses si son sont sur t ta te tes tu un une vos votre vous y"
    ),
    "german": (
        "aber alle als also am an auch auf aus bei bin bis da das dass daß dem den denn der des die dies diese "
        "dieser dieses du durch ein eine einem einen einer eines er es für hat haben hatte ich ihm ihn ihr ihre im "
        "in ist ja kann man mein mich mir mit nach nicht noch nun nur ob oder ohne sein seine sich sie sind so über "
        "um und uns unter vom von vor war waren was wenn wer wie wir wird wo zu zum zur"
    ),
    "italian": (
        "a ad ai al alla alle anche che chi ci come con cui da dal dalla de dei del della delle di dove e ed era "
        "essere gli ha hanno ho i il in io l la le lei lo loro lui ma mi mio ne nel nella noi non o per perché più "
        "quando quella quello questa questo se si sono su sua sul sulla suo ti tra tu un una uno vi"
    ),
    "norwegian": (
        "alle at av da de dem den der det deg du eller en er et etter for fra han har hun hva hvor i ikke jeg kan "
        "med men meg mot når og om opp oss over på seg sin skal som så til ut under ved vi vil være"
    ),
    "polish": (
        "a ale bo by być co czy dla do go i ich ja jak jako je jego jej jest już lub ma mi mnie na nie niż o od on "
        "ona oni po pod przez się są ta tak te tego tej ten to tu ty w we z za ze że"
    ),
    "portuguese": (
        "a ao aos as até com como da das de dela dele do dos e ela ele em entre era essa esse esta este eu foi há "
        "isso já la lhe mais mas me mesmo meu muito na nas nem no nos não o onde os ou para pela pelo por quando que "
        "quem se sem ser seu sua são só também te tem um uma você à às é"
    ),
    "russian": (
        "а без бы был была были было быть в вам вас все всё вы где да для до его ее её если есть еще ещё же за и из "
        "или им их к как ко когда кто ли мне мы на не него нет но о об он она они оно от по при с со так то только "
        "ты у уже что чтобы это этот я"
    ),
    "spanish": (
        "a al algo como con cual cuando de del desde donde e el ella ellos en entre era es esa ese eso esta está "
        "este esto fue ha han hasta hay la las le les lo los me mi mis muy más nada ni no nos o para pero por porque "
        "que quien qué se ser si sin sobre son su sus también te tiene todo tu un una uno y ya yo"
    ),
    "swedish": (
        "alla att av då de dem den det dig du efter eller en ett för från han har hon hur i inte jag kan man med men "
        "mig mot när och om oss på sig sin ska som så till ut under upp vad var vi vid vill är över"
    ),
}
"""By Snowball's name of the language; other languages have none here."""

LANGUAGES = tuple(_WORDS)
_TERMS = {
    language: frozenset(term for word in words.split() for term in terms(word)) for language, words in _WORDS.items()
}


def little_terms(language: str | None) -> frozenset[str]:
    """The terms of the little words of one of the languages, named as Snowball does."""
    return _TERMS.get(language or "", frozenset())
