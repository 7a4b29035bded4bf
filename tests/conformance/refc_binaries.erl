%% Binaries over 64 bytes, sub-binaries, appending in loops, keeping parts of dropped wholes.
-module(refc_binaries).
-export([main/0]).

main() ->
    Big = list_to_binary([I rem 256 || I <- lists:seq(1, 100000)]),
    io:format("~w ~w~n", [byte_size(Big), erlang:crc32(Big)]),
    <<_:1000/binary, Sub:500/binary, _/binary>> = Big,
    io:format("~w ~w ~w~n", [byte_size(Sub), binary:referenced_byte_size(Sub), erlang:crc32(Sub)]),
    C = binary:copy(Sub),
    io:format("~w ~w~n", [binary:referenced_byte_size(C), C =:= Sub]),
    A = append(20000, <<>>),
    io:format("~w ~w~n", [byte_size(A), erlang:crc32(A)]),
    %% two continuations of the same binary must not see each other
    B0 = append(100, <<>>),
    B1 = <<B0/binary, "one">>, B2 = <<B0/binary, "two">>, B3 = <<B1/binary, "!">>,
    io:format("~w ~w ~w ~w~n", [byte_size(B0), binary:part(B1, 400, 3), binary:part(B2, 400, 3), binary:part(B3, 400, 4)]),
    io:format("~w~n", [B1 =:= <<B0/binary, "one">>]),
    %% many processes share one binary
    Self = self(),
    [spawn(fun() -> Self ! {I, erlang:crc32(binary:part(Big, I * 100, 100))} end) || I <- lists:seq(0, 50)],
    L = lists:sort([receive {I, X} -> {I, X} end || _ <- lists:seq(0, 50)]),
    io:format("~w~n", [erlang:phash2(L)]),
    io:format("~w~n", [lists:all(fun({I, X}) -> X =:= erlang:crc32(binary:part(Big, I * 100, 100)) end, L)]),
    Parts = parts(Big, []),
    io:format("~w ~w~n", [length(Parts), iolist_to_binary(Parts) =:= Big]),
    garbage_collect(),
    io:format("~w~n", [erlang:crc32(iolist_to_binary(Parts))]),
    M = #{Big => 1, C => 2},
    io:format("~w ~w~n", [maps:get(binary:copy(Big), M), maps:get(Sub, M)]),
    io:format("~w~n", [byte_size(rev(Big, []))]),
    io:format("~w~n", [erlang:crc32(upper(list_to_binary(lists:duplicate(2000, "hello ")), <<>>))]),
    Lines = binary:split(list_to_binary(["line " ++ integer_to_list(N) ++ "\n" || N <- lists:seq(1, 3000)]), <<"\n">>, [global, trim]),
    io:format("~w ~p~n", [length(Lines), lists:nth(2500, Lines)]),
    io:format("~w~n", [churn(200, <<>>)]),
    T = {B1, [B2, #{k => B3}]},
    io:format("~w~n", [binary_to_term(term_to_binary(T)) =:= T]),
    io:format("~w~n", [[byte_size(<<X/binary>>) || X <- [binary:copy(<<"x">>, N) || N <- [63, 64, 65, 66, 1000]]]]),
    ok.

append(0, B) -> B;
append(N, B) -> append(N - 1, <<B/binary, N:32>>).

parts(<<P:777/binary, R/binary>>, Acc) -> parts(R, [P | Acc]);
parts(R, Acc) -> lists:reverse([R | Acc]).

rev(<<X, R/binary>>, Acc) -> rev(R, [X | Acc]);
rev(<<>>, Acc) -> list_to_binary(Acc).

upper(<<C, R/binary>>, Acc) when C >= $a, C =< $z -> upper(R, <<Acc/binary, (C - 32)>>);
upper(<<C, R/binary>>, Acc) -> upper(R, <<Acc/binary, C>>);
upper(<<>>, Acc) -> Acc.

churn(0, B) -> {byte_size(B), erlang:crc32(B)};
churn(N, B) ->
    Garbage = binary:copy(<<N>>, 100000),
    churn(N - 1, <<B/binary, (binary:part(Garbage, N, 3))/binary>>).
