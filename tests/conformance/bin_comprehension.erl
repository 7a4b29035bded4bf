%% Comprehensions over binaries, into binaries, and mixtures.
-module(bin_comprehension).
-export([main/0]).

main() ->
    B = <<1, 2, 3, 4, 5, 6, 7, 8, 9>>,
    io:format("~w~n", [<< <<(X * 2)>> || <<X>> <= B >>]),
    io:format("~w~n", [<< <<X:16/little>> || <<X>> <= B, X rem 2 =:= 0 >>]),
    io:format("~w~n", [[{X, Y} || <<X:8, Y:8>> <= B]]),
    io:format("~w~n", [[X || <<X:12>> <= B]]),
    io:format("~w~n", [<< <<X, Y>> || X <- [1, 2], <<Y>> <= <<7, 8, 9>> >>]),
    io:format("~w~n", [[{X, C} || <<X>> <= <<1, 2>>, C <- "ab"]]),
    io:format("~w~n", [<< <<X:3>> || X <- lists:seq(0, 7) >>]),
    io:format("~w~n", [[X || <<1, X>> <= <<1, 2, 1, 3, 2, 4, 1, 5>>]]),
    io:format("~w~n", [[X || <<X:8/signed>> <= <<255, 128, 127>>]]),
    io:format("~w~n", [[X || <<X:32/float>> <= << <<F:32/float>> || F <- [1.0, -2.5, 0.125] >>]]),
    io:format("~w~n", [[S || <<L, S:L/binary>> <= <<3, "abc", 0, 2, "de">>]]),
    io:format("~w~n", [<< <<S/binary, $,>> || S <- [<<"a">>, <<"bc">>, <<>>] >>]),
    io:format("~w~n", [<< <<(if X > 4 -> 1; true -> 0 end):1>> || <<X>> <= B >>]),
    io:format("~w~n", [<< << <<Y>> || <<Y>> <= <<X, X>> >> || <<X>> <= <<1, 2>> >>]),
    io:format("~w~n", [byte_size(<< <<X:64>> || X <- lists:seq(1, 1000) >>)]),
    io:format("~w~n", [hex(<<222, 173, 190, 239>>)]),
    io:format("~w~n", [unhex(<<"deadbeef">>)]),
    io:format("~s~n", [<< <<(rot13(C))>> || <<C>> <= <<"Hello, World">> >>]),
    io:format("~w~n", [<< <<C/utf16>> || <<C/utf8>> <= <<"aé€"/utf8>> >>]),
    io:format("~w~n", [[X || <<X:3>> <= <<255, 1:2>>]]),
    io:format("~w~n", [try << <<X/binary>> || X <- [<<"a">>, b] >> catch C:R -> {C, R} end]),
    io:format("~w~n", [try [X || <<X>> <= erlang:list_to_atom("notbin")] catch C2:R2 -> {C2, R2} end]),
    ok.

hex(B) -> << <<(digit(N))>> || <<N:4>> <= B >>.
digit(N) when N < 10 -> $0 + N;
digit(N) -> $a + N - 10.

unhex(B) -> << <<(val(C)):4>> || <<C>> <= B >>.
val(C) when C >= $a -> C - $a + 10;
val(C) -> C - $0.

rot13(C) when C >= $a, C =< $z -> (C - $a + 13) rem 26 + $a;
rot13(C) when C >= $A, C =< $Z -> (C - $A + 13) rem 26 + $A;
rot13(C) -> C.
