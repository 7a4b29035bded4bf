%% Bitstrings that end or begin inside a byte.
-module(bin_bitstrings).
-export([main/0, id/1]).

main() ->
    B = id(<<16#deadbeefcafe:48, 5:3>>),
    io:format("~w ~w ~w ~w~n", [B, bit_size(B), byte_size(B), is_binary(B)]),
    [begin
         <<_:O, X:17, R/bits>> = B,
         <<_:O, Y:17/signed, _/bits>> = B,
         <<_:O, Z:17/little, _/bits>> = B,
         io:format("~w: ~w ~w ~w ~w~n", [O, X, Y, Z, R])
     end || O <- lists:seq(0, 20)],
    [begin
         <<_:O/bits, X:24/bits, _/bits>> = B,
         io:format("~w ~w ~w~n", [O, X, X =:= <<(B2 = X)/bits>> andalso B2 == X])
     end || O <- [1, 3, 4, 7, 9]],
    io:format("~w~n", [[X || <<X:5>> <= B]]),
    io:format("~w~n", [<< <<X:3>> || <<X:5>> <= B >>]),
    io:format("~w~n", [<< <<(X bxor 1):1>> || <<X:1>> <= B >>]),
    io:format("~w~n", [<<1:1, B/bits, 1:2>>]),
    io:format("~w~n", [<<B/bits, B/bits>>]),
    io:format("~w ~w~n", [<<1:1>> < <<1:2>>, <<2:2>> < <<1:1, 1:1>>]),
    io:format("~w ~w~n", [<<1:4, 2:4>> =:= <<18>>, <<1:3>> =:= <<1:4>>]),
    io:format("~w~n", [lists:sort([<<1:1>>, <<0:1>>, <<>>, <<1:2>>, <<255>>, <<3:2>>, <<1:1, 255>>])]),
    io:format("~w~n", [bitstring_to_list(B)]),
    io:format("~w~n", [list_to_bitstring([<<1:1>>, <<2:2>>, 255, <<3:7>>])]),
    io:format("~w~n", [erlang:phash2(<<5:3>>)]),
    io:format("~w ~w~n", [erlang:phash2(B), erlang:phash2(<<0:3, B/bits>>)]),
    <<_:3, Sub/bits>> = <<0:3, "unaligned bytes">>,
    io:format("~s ~w ~w~n", [Sub, Sub =:= <<"unaligned bytes">>, byte_size(Sub)]),
    io:format("~w ~w~n", [binary:at(Sub, 3), binary:match(Sub, <<"byte">>)]),
    io:format("~w~n", [binary_part(Sub, 2, 4)]),
    io:format("~p ~p~n", [<<5:3>>, <<"ab", 1:2>>]),
    io:format("~w~n", [#{<<5:3>> => a, Sub => b}]),
    io:format("~w~n", [maps:get(<<"unaligned bytes">>, #{Sub => found})]),
    io:format("~w~n", [term_to_binary(<<5:3>>)]),
    io:format("~w~n", [binary_to_term(term_to_binary(B)) =:= B]),
    io:format("~w~n", [try binary_to_list(id(<<1:3>>)) catch C:R -> {C, R} end]),
    io:format("~w~n", [reverse_bits(<<16#f1, 2:3>>)]),
    io:format("~w~n", [split7(<<"seven bits each">>)]),
    ok.

id(X) -> X.

reverse_bits(B) -> reverse_bits(B, <<>>).
reverse_bits(<<X:1, R/bits>>, Acc) -> reverse_bits(R, <<X:1, Acc/bits>>);
reverse_bits(<<>>, Acc) -> Acc.

split7(<<X:7, R/bits>>) -> [X | split7(R)];
split7(R) -> [R].
