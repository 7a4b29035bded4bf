%% zlib: streams in both directions, what the C library has compressed, dictionaries, errors.
-module(zlib_streams).
-export([main/0]).

main() ->
    D = data(),
    io:format("~p~n", [[zlib:uncompress(of_c(compress)) =:= D, zlib:gunzip(of_c(gzip)) =:= D, zlib:unzip(of_c(zip)) =:= D]]),
    io:format("~p~n", [[zlib:uncompress(zlib:compress(D)) =:= D, zlib:gunzip(zlib:gzip(D)) =:= D, zlib:unzip(zlib:zip(D)) =:= D]]),
    Big = binary:copy(<<D/binary, (rand_bytes(5000))/binary>>, 40),
    io:format("~p~n", [[zlib:uncompress(zlib:compress(B)) =:= iolist_to_binary(B) || B <- [<<>>, <<1>>, Big, [Big, [$a | <<"b">>]]]]]),
    io:format("~p~n", [byte_size(zlib:compress(binary:copy(<<"a">>, 100000))) < 1000]),
    [io:format("~p ~p~n", [L, roundtrip(L, S, Bits, Mem, Big)])
     || {L, S, Bits, Mem} <- [{none, default, 15, 8}, {best_speed, filtered, 15, 9}, {best_compression, huffman_only, 12, 5}, {5, rle, -15, 8},
                              {default, default, 31, 8}, {9, default, -9, 1}]],
    pieces(D), dictionary(D), eos(D), params(D),
    [io:format("~p: ~p~n", [N, try_(F)]) || {N, F} <- faults(D)],
    io:format("~p ~p~n", [erlang:crc32(D), erlang:adler32(D)]),
    ok.

data() -> iolist_to_binary([io_lib:format("line ~p of some text~n", [N]) || N <- lists:seq(1, 40)]).

rand_bytes(N) ->
    {_, L} = lists:foldl(fun(_, {X, Acc}) -> Y = (X * 1103515245 + 12345) band 16#7fffffff, {Y, [(Y bsr 16) band 255 | Acc]} end, {42, []}, lists:seq(1, N)),
    list_to_binary(L).

roundtrip(Level, Strategy, Bits, Mem, D) ->
    Z = zlib:open(),
    ok = zlib:deflateInit(Z, Level, deflated, Bits, Mem, Strategy),
    Half = byte_size(D) div 2,
    <<A:Half/binary, B/binary>> = D,
    C = [zlib:deflate(Z, A, sync), zlib:deflate(Z, B, full), zlib:deflate(Z, [], finish)],
    ok = zlib:deflateEnd(Z),
    ok = zlib:inflateInit(Z, Bits),
    Out = iolist_to_binary(zlib:inflate(Z, C)),
    ok = zlib:inflateEnd(Z),
    ok = zlib:close(Z),
    Out =:= D.

%% The compressed bytes one by one, and safeInflate.
pieces(D) ->
    Z = zlib:open(),
    ok = zlib:inflateInit(Z),
    Out = [zlib:inflate(Z, <<B>>) || <<B>> <= of_c(compress)],
    io:format("~p~n", [iolist_to_binary(Out) =:= D]),
    ok = zlib:inflateReset(Z),
    Packed = zlib:compress(binary:copy(D, 200)),
    io:format("~p~n", [safe(Z, zlib:safeInflate(Z, Packed), 0) =:= 200 * byte_size(D)]),
    ok = zlib:inflateEnd(Z),
    ok = zlib:close(Z).

safe(Z, {continue, O}, N) -> safe(Z, zlib:safeInflate(Z, []), N + iolist_size(O));
safe(_, {finished, O}, N) -> N + iolist_size(O).

dictionary(D) ->
    {Adler, C} = {945292887, of_c(dict)},
    Dict = <<"of some text line">>,
    Z = zlib:open(),
    ok = zlib:inflateInit(Z),
    io:format("~p~n", [try_(fun() -> zlib:inflate(Z, C) end) =:= {error, {need_dictionary, Adler}}]),
    io:format("~p~n", [try_(fun() -> zlib:inflateSetDictionary(Z, <<"wrong">>) end)]),
    ok = zlib:inflateSetDictionary(Z, Dict),
    io:format("~p~n", [iolist_to_binary(zlib:inflate(Z, [])) =:= D]),
    ok = zlib:inflateEnd(Z),
    ok = zlib:deflateInit(Z),
    io:format("~p~n", [zlib:deflateSetDictionary(Z, Dict) =:= Adler]),
    Mine = zlib:deflate(Z, D, finish),
    ok = zlib:deflateEnd(Z),
    ok = zlib:inflateInit(Z),
    {need_dictionary, Adler, []} = zlib:safeInflate(Z, Mine),
    ok = zlib:inflateSetDictionary(Z, Dict),
    io:format("~p~n", [iolist_to_binary(zlib:inflate(Z, [])) =:= D]),
    ok = zlib:close(Z).

eos(D) ->
    Twice = [zlib:compress(D), zlib:compress(<<"second">>)],
    [begin
         Z = zlib:open(),
         ok = zlib:inflateInit(Z, 15, E),
         R = try_(fun() -> S = iolist_size(zlib:inflate(Z, Twice)), zlib:inflateEnd(Z), S end),
         io:format("~p ~p~n", [E, R]),
         zlib:close(Z)
     end || E <- [cut, reset, error]].

params(D) ->
    Z = zlib:open(),
    ok = zlib:deflateInit(Z, best_speed),
    A = zlib:deflate(Z, D),
    ok = zlib:deflateParams(Z, best_compression, default),
    B = zlib:deflate(Z, D, finish),
    ok = zlib:deflateEnd(Z),
    io:format("~p~n", [zlib:uncompress([A, B]) =:= <<D/binary, D/binary>>]),
    zlib:close(Z).

faults(D) ->
    C = of_c(compress),
    Open = fun() -> zlib:open() end,
    [{uncompress_garbage, fun() -> zlib:uncompress(<<"garbage">>) end}, {uncompress_cut, fun() -> zlib:uncompress(binary:part(C, 0, 50)) end},
     {uncompress_empty, fun() -> zlib:uncompress(<<>>) end}, {gunzip_zlib, fun() -> zlib:gunzip(C) end}, {unzip_zlib, fun() -> zlib:unzip(<<255, 255>>) end},
     {flip, fun() -> <<H:60/binary, X, T/binary>> = C, zlib:uncompress(<<H/binary, (X bxor 255), T/binary>>) end},
     {not_iodata, fun() -> zlib:compress(x) end}, {not_a_stream, fun() -> zlib:inflate(make_ref(), D) end},
     {no_init, fun() -> zlib:inflate(Open(), D) end}, {twice, fun() -> Z = Open(), zlib:inflateInit(Z), zlib:deflateInit(Z) end},
     {closed, fun() -> Z = Open(), zlib:close(Z), zlib:inflateInit(Z) end}, {close_twice, fun() -> Z = Open(), zlib:close(Z), zlib:close(Z) end},
     {end_early, fun() -> Z = Open(), zlib:deflateInit(Z), zlib:deflate(Z, D), zlib:deflateEnd(Z) end},
     {end_unused, fun() -> Z = Open(), zlib:deflateInit(Z), zlib:deflateEnd(Z) end},
     {inflate_end_early, fun() -> Z = Open(), zlib:inflateInit(Z), zlib:inflate(Z, binary:part(C, 0, 30)), zlib:inflateEnd(Z) end},
     {level, fun() -> zlib:deflateInit(Open(), 10) end}, {bits, fun() -> zlib:deflateInit(Open(), 5, deflated, 7, 8, default) end},
     {memory, fun() -> zlib:deflateInit(Open(), 5, deflated, 15, 10, default) end}, {bits8, fun() -> zlib:deflateInit(Open(), 5, deflated, -8, 8, default) end},
     {bits47, fun() -> zlib:deflateInit(Open(), 5, deflated, 47, 8, default) end}, {auto, fun() -> Z = Open(), zlib:inflateInit(Z, 47), iolist_to_binary(zlib:inflate(Z, of_c(gzip))) =:= D end},
     {flush, fun() -> Z = Open(), zlib:deflateInit(Z), zlib:deflate(Z, D, foo) end},
     {other_process, fun() -> Z = Open(), Me = self(), spawn(fun() -> Me ! try_(fun() -> zlib:inflateInit(Z) end) end), receive R -> R end end},
     {controller, fun() -> Z = Open(), Me = self(),
          P = spawn(fun() -> receive go -> Me ! try_(fun() -> zlib:inflateInit(Z) end) end end),
          ok = zlib:set_controlling_process(Z, P), P ! go, receive R -> R end end}].

try_(F) ->
    try F()
    catch C:R -> {C, R}
    end.

of_c(Name) -> base64:decode(packed(Name)).

packed(compress) ->
    <<"eJxt0rsNAkEQREGfKDYEZvr4BbRISAdncAbhI1xU7vNK3evjNUeN7T7e23OOfX72w/prjRa0Be2Edka7oF3Rbmh1VJSkRClZSpiSpsQpeUqgkq"
        "glam4jUUvUErVELVFL1BK1RJEoEoV3kygSRaJIFIkiUSRa/kRfMBYSVA==">>;
packed(gzip) ->
    <<"H4sIAAAAAAAAA23Suw0CQRBEQZ8oNgRm+vgFtEhIB2dwBuEjXFTu80rd6+M1R43tPt7bc459fvbD+muNFrQF7YR2RrugXdFuaHVUlKREKVlKmJ"
        "KmxCl5SqCSqCVqbiNRS9QStUQtUUvUErVEkSgShXeTKBJFokgUiSJRJFr+RF/Suta2PwMAAA==">>;
packed(zip) ->
    <<"bdK7DQJBEERBnyg2BGb6+AW0SEgHZ3AG4SNcVO7zSt3r4zVHje0+3ttzjn1+9sP6a40WtAXthHZGu6Bd0W5odVSUpEQpWUqYkqbEKXlKoJKoJW"
        "puI1FL1BK1RC1RS9QStUSRKBKFd5MoEkWiSBSJIlEkWv5EXw==">>;
packed(dict) ->
    <<"eLs4WAZXbdK5DUIBEEPBnCp+CdjmrIr+MwQRQhNs8rKR93NHjtdPP31b0YZ2Qbui3dDuaA+0J1rOipJElMgSYSJNxIk8ESgSVaJyG4kqUSWqRJ"
        "WoElWiSjSJJtH4bhJNokk0iSbRJJpElz/RGzAWElQ=">>.
