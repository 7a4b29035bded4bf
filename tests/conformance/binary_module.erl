%% The binary module.
-module(binary_module).
-export([main/0, id/1]).

main() ->
    B = <<"the quick brown fox jumps over the lazy dog">>,
    io:format("~w ~w ~w~n", [binary:at(B, 4), binary:first(B), binary:last(B)]),
    io:format("~w ~w~n", [binary:match(B, <<"the">>), binary:match(B, <<"cat">>)]),
    io:format("~w~n", [binary:match(B, [<<"fox">>, <<"dog">>, <<"quick">>])]),
    io:format("~w~n", [binary:match(B, <<"the">>, [{scope, {1, 40}}])]),
    io:format("~w~n", [binary:matches(B, <<"o">>)]),
    io:format("~w~n", [binary:matches(B, [<<"o">>, <<"ov">>, <<"e">>])]),
    io:format("~p~n", [binary:split(B, <<" ">>)]),
    io:format("~p~n", [binary:split(B, <<" ">>, [global])]),
    io:format("~p~n", [binary:split(<<",a,,b,">>, <<",">>, [global, trim])]),
    io:format("~p~n", [binary:split(<<",a,,b,">>, <<",">>, [global, trim_all])]),
    io:format("~p~n", [binary:split(<<"a-b_c">>, [<<"-">>, <<"_">>], [global])]),
    io:format("~p~n", [binary:replace(B, <<"the">>, <<"a">>)]),
    io:format("~p~n", [binary:replace(B, <<"the">>, <<"a">>, [global])]),
    io:format("~p~n", [binary:replace(<<"abc">>, <<"b">>, <<"[]">>, [{insert_replaced, 1}])]),
    io:format("~p ~p~n", [binary:part(B, 4, 5), binary:part(B, {9, -5})]),
    io:format("~w~n", [binary:bin_to_list(B, 0, 5)]),
    io:format("~w ~w~n", [binary:list_to_bin([1, [2, <<3>>]]), binary:copy(<<"ab">>, 3)]),
    io:format("~w ~w~n", [binary:copy(<<>>, 5), binary:copy(<<"x">>, 0)]),
    io:format("~w ~w~n", [binary:encode_unsigned(0), binary:encode_unsigned(1 bsl 70)]),
    io:format("~w ~w~n", [binary:encode_unsigned(1000, little), binary:decode_unsigned(<<1, 2, 3>>)]),
    io:format("~w ~w~n", [binary:decode_unsigned(<<1, 2, 3>>, little), binary:decode_unsigned(<<>>)]),
    io:format("~w~n", [binary:longest_common_prefix([<<"prefix">>, <<"preface">>, <<"pre">>])]),
    io:format("~w~n", [binary:longest_common_suffix([<<"nation">>, <<"station">>])]),
    io:format("~p ~p~n", [binary:encode_hex(<<1, 171, 255>>), binary:encode_hex(<<1, 171, 255>>, lowercase)]),
    io:format("~w~n", [binary:decode_hex(<<"01aBfF">>)]),
    P = binary:compile_pattern([<<"brown">>, <<"lazy">>]),
    io:format("~w~n", [binary:matches(B, P)]),
    io:format("~w~n", [split_binary(<<"hello">>, 2)]),
    io:format("~w ~w~n", [binary_part(B, 0, 3), binary_part(B, {3, -2})]),
    io:format("~w ~w~n", [binary_to_integer(<<"-42">>), binary_to_integer(<<"ff">>, 16)]),
    io:format("~w ~w~n", [integer_to_binary(255), integer_to_binary(-255, 16)]),
    io:format("~w ~w~n", [atom_to_binary(hello), binary_to_atom(<<"a b">>)]),
    [io:format("~w~n", [try F() catch C:R -> {C, R} end]) ||
        F <- [fun() -> binary:at(B, id(99)) end, fun() -> binary:part(B, id(3), id(100)) end, fun() -> binary:first(id(<<>>)) end,
              fun() -> binary:match(B, id(<<>>)) end, fun() -> binary:decode_hex(id(<<"0">>)) end, fun() -> binary:copy(id(a)) end,
              fun() -> split_binary(B, id(100)) end, fun() -> binary_to_integer(id(<<"x">>)) end, fun() -> binary_to_atom(id(<<255>>)) end,
              fun() -> binary_to_existing_atom(id(<<"surely there is no such atom">>)) end, fun() -> binary:encode_unsigned(id(-1)) end]],
    ok.

id(X) -> X.
