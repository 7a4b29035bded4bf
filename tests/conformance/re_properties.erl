%% re: every property of Unicode that PCRE knows and every case, over the first two planes.
-module(re_properties).
-export([main/0]).

main() ->
    All = << <<C/utf8>> || C <- code_points() >>,
    [io:format("~s ~p~n", [P, summary(re:run(All, "\\p{" ++ P ++ "}+", [unicode, global]))]) || P <- string:lexemes(props(), " ")],
    Cased = [C || C <- code_points(), cased(C)],
    Text = << <<C/utf8>> || C <- Cased >>,
    Cases = [re:run(Text, <<C/utf8>>, [unicode, caseless, global, {capture, first, list}]) || C <- Cased],
    io:format("~p ~p~n", [length(Cases), erlang:phash2(Cases)]).

summary(nomatch) -> 0;
summary({match, L}) -> {length(L), erlang:phash2(L)}.

code_points() -> [C || C <- lists:seq(0, 16#1FFFF), C < 16#D800 orelse C > 16#DFFF].

cased(C) -> string:uppercase([C]) =/= [C] orelse string:lowercase([C]) =/= [C] orelse string:casefold([C]) =/= [C].

props() ->
    "C Cc Cf Cn Co L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs Arabic "
    "Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bopomofo Brahmi Braille Buginese Buhid "
    "Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Common Coptic Cuneiform Cypriot Cyrillic "
    "Deseret Devanagari Duployan Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic Gothic Grantha Greek "
    "Gujarati Gurmukhi Han Hangul Hanunoo Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi "
    "Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li Kharoshthi Khmer Khojki Khudawadi Lao Latin "
    "Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Malayalam Mandaic Manichaean Meetei_Mayek "
    "Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Myanmar Nabataean New_Tai_Lue Nko "
    "Ogham Ol_Chiki Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_South_Arabian Old_Turkic Oriya Osmanya "
    "Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra "
    "Sharada Shavian Siddham Sinhala Sora_Sompeng Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham "
    "Tai_Viet Takri Tamil Telugu Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Warang_Citi Yi L& Xan Xps Xsp "
    "Xwd Xuc Any".
