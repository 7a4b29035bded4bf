-module(strings).
-export([main/0]).
main() ->
    S = build(0, <<>>),
    io:format("~w ~w~n", [string:length(S), commas(S, 0)]).
build(20000, S) -> S;
build(I, S) -> build(I + 1, <<S/binary, (integer_to_binary(I rem 10))/binary, ",">>).
commas(<<C/utf8, Rest/binary>>, N) when C =:= $, -> commas(Rest, N + 1);
commas(<<_/utf8, Rest/binary>>, N) -> commas(Rest, N);
commas(<<>>, N) -> N.
